/* How a request stands, in the words of GET /v1/password-resets/{id}. */
#ifndef CORE_PROTOCOL_REQUEST_STATUS_H
#define CORE_PROTOCOL_REQUEST_STATUS_H

#include "core/protocol/record.h"

enum request_status {
    REQUEST_IS_SENDING,
    REQUEST_IS_DEFERRED, /* the next try is at record->due_ms */
    REQUEST_IS_SENT,
    REQUEST_IS_SUPPRESSED, /* record->reason */
    REQUEST_IS_EXPIRED,
    REQUEST_IS_DEAD,
    REQUEST_IS_REDEEMED, /* the link was redeemed, or the password verified */
    REQUEST_IS_COMPLETED /* the password was changed */
};

enum request_status request_status_of(const struct request_record *record);

/* "sending", "deferred", "sent" … */
const char *request_status_name(enum request_status status);

#endif
