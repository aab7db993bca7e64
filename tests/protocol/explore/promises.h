/* What was promised, and the places that look whether it is kept. */
#ifndef EXPLORE_PROMISES_H
#define EXPLORE_PROMISES_H

#include "state.h"
#include "view.h"

enum promise {
    PROMISE_ONE_OUTCOME,
    PROMISE_STAYS_ENDED,
    PROMISE_REBUILT,
    PROMISE_EXPIRED,
    PROMISE_TRUE_SENT,
    PROMISE_TRUE_UNSENT,
    PROMISE_TRUE_AFTER_LOSS,
    PROMISE_TRUE_LATER,
    PROMISE_OWNER,
    PROMISE_NOTHING_LOST,
    PROMISE_REPLAY,
    PROMISE_DEAD_LETTER,
    PROMISE_NOTICE,
    PROMISE_COMPLETED,
    PROMISE_EXTRA_MAIL,
    PROMISE_SAME_LINK,
    PROMISE_FEW_LINKS,
    PROMISE_AFTER_SENT,
    PROMISE_TOLD_SENT,
    PROMISE_KNOWN_LINK,
    PROMISE_ONE_LINK,
    PROMISE_STAYS_DEAD,
    PROMISE_OLDER_ENDS,
    PROMISE_REVOKED,
    PROMISE_ASKED_LATER,
    PROMISE_NOT_BEFORE,
    PROMISE_REVOKED_NOW,
    PROMISE_CHANGED_NOW,
    PROMISE_CHANGED_LATER,
    PROMISE_REVOKED_REDEEMED,
    PROMISE_DEAD_REDEEMED,
    PROMISE_LINK_WORKS,
    PROMISE_PASSWORD_WORKS,
    PROMISE_DEAD_PASSWORD,
    PROMISE_SHOWN,
    PROMISE_ENDED_WORKS,
    PROMISE_OUTDATED,
    PROMISE_REDEEMED_MAILED,
    PROMISE_ONCE,
    PROMISE_ASKED_AGAIN,
    PROMISE_FOLDED,
    PROMISE_ITSELF,
    PROMISE_GRACE,
    PROMISE_HELD_BACK,
    PROMISE_PRESSED_TWICE,
    PROMISE_FOREIGN,
    PROMISE_KILLS_NOTHING,
    PROMISE_LIMIT,
    PROMISE_ROOM,
    PROMISE_TRY,
    PROMISE_FIRST_STAGED,
    PROMISE_TIER,
    PROMISE_GROWTH,
    PROMISE_SEED,
    PROMISE_RECORDS,
    PROMISE_EXPIRY,
    PROMISE_REST,
    PROMISE_COUNT
};

extern const char *const promise_words[PROMISE_COUNT];

typedef uint64_t promises; /* a bit for each that is broken */
#define BROKEN(promise) ((promises)1 << (promise))

/* What a step did to the store: notes what died, and looks at what must not have. */
promises promise_swapped(struct clerk *clerk, const struct state *before, struct state *after);

/* Of any answer of the production code. */
promises promise_answered(const struct answer *answer);

/* Begin was answered, and `after` has what is stored now. */
promises promise_begun(struct clerk *clerk, const struct state *before, struct state *after,
                       const struct question *question, const struct answer *answer);

/* A relay took a mail; an audit record was acknowledged. */
promises promise_mailed(struct clerk *clerk, struct state *after, unsigned request, unsigned inc);
promises promise_audited(struct clerk *clerk, struct state *after, const struct audit *audit);

/* Of any state. */
promises promise_state(struct clerk *clerk, const struct state *state);
bool state_is_quiet(const struct state *state);

#endif
