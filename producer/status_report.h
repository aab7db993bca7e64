/* GET /v1/password-resets/{id}: how far a request is. */
#ifndef PRODUCER_STATUS_REPORT_H
#define PRODUCER_STATUS_REPORT_H

#include "core/buffer.h"
#include "core/protocol/record.h"

struct http_call;

/* Takes the call over, until its answer. */
void status_report_handle(struct http_call *call);

/* Appends the answer: state, times, attempts, the relay's last reply.  Never a token, an address, nor whose
 * request it is. */
void status_report_write(struct text request_id, const struct request_record *record, struct buffer *out);

#endif
