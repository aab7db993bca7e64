/* The steps of a job, and the plans: rows of steps, closed by STEP_END. */
#ifndef WORKER_PLANS_H
#define WORKER_PLANS_H

#include <stdbool.h>

#include "core/protocol/decision.h"

enum step {
    STEP_END = 0, /* closes a plan: a job never gets here */
    STEP_VERIFY,
    STEP_DECODE,
    STEP_JUDGE,
    STEP_HOLD,
    STEP_REST,
    STEP_BEGIN,
    STEP_COMPLETION,
    STEP_BUILD,
    STEP_MAIL,
    STEP_DISPOSE,
    STEP_COPY,
    STEP_FINISH,
    STEP_DEAD_LETTER,
    STEP_AUDIT,
    STEP_COMPLETE,
    STEP_AWAIT,
    STEP_STOP,
    STEP_COUNT
};

extern const enum step plan_new[], plan_again[], plan_rest[], plan_release_and_rest[], plan_sent[],
    plan_retry[], plan_pending[], plan_dead[], plan_bury[], plan_told[], plan_complete[], plan_hold[],
    plan_release[], plan_park[], plan_await[], plan_stop[], plan_completion_mail[], plan_completion_told[],
    plan_completion_bury[];

/* Where begin's verdict leads; NULL: to the plan's next step.  `leaving`: the event is not ours any more;
 * `dead`: the outcome that a DONE tells; `completes`: the event still has to say that the password was
 * changed. */
const enum step *plan_after_begin(enum verdict verdict, bool leaving, bool dead, bool completes);

/* Where finish's verdict leads; NULL: to the plan's next step.  `leaving`: nobody goes on with it here. */
const enum step *plan_after_finish(enum finish_result asked, enum verdict verdict, bool leaving, bool dead);

#endif
