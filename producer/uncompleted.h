/* Redeemed, but the password was not changed: counted by reset_relay_redeemed_uncompleted_total. */
#ifndef PRODUCER_UNCOMPLETED_H
#define PRODUCER_UNCOMPLETED_H

#include <event2/event.h>

#include "core/protocol/reset_store.h"
#include "io/metrics.h"

struct uncompleted;

/* Nothing is owned; all must outlive it.  `after_ms`: how long a change may take.  STATUS_MEMORY. */
enum status uncompleted_new(struct event_base *base, struct reset_store *store, struct metrics *metrics,
                            int64_t after_ms, struct uncompleted **watch, struct error *error) WARN_UNUSED;

/* A request was redeemed (or its temporary password verified) just now.  The same one again is no other;
 * `watch` may be NULL. */
void uncompleted_note(struct uncompleted *watch, struct text request_id);

/* First let the store answer all that is pending. */
void uncompleted_free(struct uncompleted **watch);

#endif
