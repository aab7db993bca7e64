/* What a body and an event's `data` share, read by tables.  Inside of core/event.c. */
#ifndef CORE_EVENT_DATA_H
#define CORE_EVENT_DATA_H

#include "core/event.h"

struct json_t;

enum data_kind {
    DATA_REQUEST_BODY, /* of POST /v1/password-resets, a line of `send`; closed */
    DATA_REQUEST,      /* of an event; open */
    DATA_CHANGE_BODY,  /* of POST /v1/password-changes; closed */
    DATA_CHANGE        /* of a completed event; open */
};

/* Everything that the tables fill. */
struct event_data {
    struct request request;
    struct asserted_by asserted_by; /* of events */
    struct text previous_email;     /* of a change's body */
};

/* STATUS_OK, or STATUS_INVALID with the field; `data` is to be zero.  The texts are in `texts`, which has
 * room for them; request.memory is the caller's to set. */
enum status event_data_read(struct json_t *object, enum data_kind kind, struct buffer *texts,
                            struct event_data *data, struct error *error) WARN_UNUSED;

#endif
