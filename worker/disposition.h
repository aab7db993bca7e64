/* What happened to a mail ▸ what becomes of its request.  The only place that decides; adapters report, steps
 * obey. Pure. */
#ifndef WORKER_DISPOSITION_H
#define WORKER_DISPOSITION_H

#include <stdint.h>

#include "core/outcome.h"
#include "core/smtp/result.h"

enum disposition_action {
    DISPOSITION_SENT,  /* the relay has it */
    DISPOSITION_RETRY, /* a copy to retry tier `tier`, reason for the audit record `deferred` */
    DISPOSITION_DEAD,  /* a dead letter with `reason` */
    DISPOSITION_HOLD,  /* the relay is not there: give the lease back, wait for it; no attempt is burnt */
    DISPOSITION_BEGIN_AGAIN, /* the lease is gone and nothing was sent: ask anew */
    DISPOSITION_STOP         /* somebody else goes on: give the lease back and forget the event */
};

struct disposition {
    enum disposition_action action;
    enum reason reason; /* of RETRY and DEAD */
    unsigned tier;      /* of RETRY */
    bool maybe_mailed;  /* this attempt ended with nobody knowing whether the mail is out */
};

/* What the worker knows of the request besides the relay's answer. */
struct disposition_history {
    unsigned tries;     /* answers of the relay before this one (R.tries) */
    unsigned tiers;     /* retry topics, at least 1 */
    unsigned shutdowns; /* answers that were disposition_is_shutdown, this one included */
    bool leaving; /* no further try by this run: the partition is gone, a successor stands, or the worker ends
                   */
};

/* Whether the relay broke the conversation off (421, silence past a deadline, a cut) while it was about this
 * recipient, and goes on to serve others (`serving`).  From this many on it counts as an answer about the
 * recipient, or one that makes the relay fall silent or fall over would loop.  A relay that serves nobody
 * says nothing about anybody: then no attempt is burnt, however long it lasts. */
bool disposition_is_shutdown(const struct smtp_result *result, bool serving);
#define DISPOSITION_SHUTDOWNS 3

struct disposition disposition_of_mail(const struct smtp_result *result,
                                       const struct disposition_history *history);

/* Index of the tier for a copy of an event that waits at the dot: the shortest one that is longer than the
 * dot's deadline, so that the copy comes due only when this attempt has ended. */
unsigned disposition_park_tier(const int64_t *tiers_ms, unsigned tiers, int64_t dot_deadline_ms);

#endif
