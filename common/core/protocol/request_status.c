/* How a request stands: what came after the mail says more than how the mail went.
 *
 * A pending request waits for its next try, except where it was only handed back (nothing was tried). */
#include "core/protocol/request_status.h"

enum request_status request_status_of(const struct request_record *record)
{
    static const enum request_status states[REQUEST_STATE_COUNT] = {
        [REQUEST_PENDING] = REQUEST_IS_SENDING, [REQUEST_LEASED] = REQUEST_IS_SENDING,
        [REQUEST_SENT] = REQUEST_IS_SENT,       [REQUEST_SUPPRESSED] = REQUEST_IS_SUPPRESSED,
        [REQUEST_EXPIRED] = REQUEST_IS_EXPIRED, [REQUEST_DEAD] = REQUEST_IS_DEAD,
    };
    if (record->completed_ms > 0)
        return REQUEST_IS_COMPLETED;
    if (record->redeemed_ms > 0)
        return REQUEST_IS_REDEEMED;
    if (record->state == REQUEST_PENDING && record->due_ms > 0)
        return REQUEST_IS_DEFERRED;
    return states[record->state];
}

const char *request_status_name(enum request_status status)
{
    static const char *const names[] = {"sending", "deferred", "sent",     "suppressed",
                                        "expired", "dead",     "redeemed", "completed"};
    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}
