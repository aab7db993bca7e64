/* POST /v1/temporary-passwords/verify. */
#ifndef PRODUCER_PASSWORD_VERIFY_H
#define PRODUCER_PASSWORD_VERIFY_H

struct http_call;

/* Answers the call: now or later, once. */
void password_verify_handle(struct http_call *call);

#endif
