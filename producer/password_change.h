/* POST /v1/password-changes: a password was changed; its user is told, and what could still reset it dies. */
#ifndef PRODUCER_PASSWORD_CHANGE_H
#define PRODUCER_PASSWORD_CHANGE_H

struct http_call;

/* Takes the call over, until its answer. */
void password_change_handle(struct http_call *call);

#endif
