/* POST /v1/temporary-passwords/verify. */
#ifndef PRODUCER_PASSWORD_VERIFY_H
#define PRODUCER_PASSWORD_VERIFY_H

struct http_call;

/* A body over http.body_limit is 400 here: it is one password that nobody has (http_limits). */
#define PASSWORD_VERIFY_PATH "/v1/temporary-passwords/verify"

/* Answers the call: now or later, once. */
void password_verify_handle(struct http_call *call);

#endif
