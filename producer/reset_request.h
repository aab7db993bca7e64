/* POST /v1/password-resets. */
#ifndef PRODUCER_RESET_REQUEST_H
#define PRODUCER_RESET_REQUEST_H

struct http_call;

/* Answers the call, later: 202 when Kafka has the event. */
void reset_request_handle(struct http_call *call);

#endif
