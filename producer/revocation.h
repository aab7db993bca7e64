/* POST /v1/tokens/revoke: every live link and temporary password of a user dies. */
#ifndef PRODUCER_REVOCATION_H
#define PRODUCER_REVOCATION_H

struct http_call;

/* Takes the call over, until its answer. */
void revocation_handle(struct http_call *call);

#endif
