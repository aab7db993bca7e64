/* POST /v1/tokens/check and /v1/tokens/redeem; only where there is a store. */
#ifndef PRODUCER_TOKEN_REQUESTS_H
#define PRODUCER_TOKEN_REQUESTS_H

struct http_call;

/* Both answer the call, perhaps later. */
void token_check_handle(struct http_call *call);
void token_redeem_handle(struct http_call *call);

#endif
