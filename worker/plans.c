/* The way of an event as tables: the plans, each in the order that keeps the promises (acknowledged before
 * recorded, recorded before the offset).
 *
 * Exactly one plan ends a job: one that has COMPLETE and then STOP, or STOP alone where the event is not ours
 * any more.  tests/protocol/explore runs these very tables through every interleaving. */
#include "worker/plans.h"

#include <stddef.h>

#define MAILING STEP_HOLD, STEP_BEGIN, STEP_BUILD, STEP_MAIL, STEP_DISPOSE, STEP_END

const enum step plan_new[] = {STEP_VERIFY, STEP_DECODE, STEP_JUDGE, MAILING};
const enum step plan_again[] = {MAILING};
/* A password was changed: that is told first, and then what becomes of the notice. */
const enum step plan_completion_mail[] = {STEP_COMPLETION, STEP_BUILD, STEP_MAIL, STEP_DISPOSE, STEP_END};
const enum step plan_completion_told[] = {STEP_COMPLETION, STEP_AUDIT, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_completion_bury[] = {STEP_COMPLETION, STEP_DEAD_LETTER, STEP_AUDIT,
                                          STEP_COMPLETE,   STEP_STOP,        STEP_END};
const enum step plan_rest[] = {STEP_REST, MAILING};
const enum step plan_release_and_rest[] = {STEP_FINISH, STEP_REST, MAILING};
const enum step plan_hold[] = {STEP_FINISH, MAILING}; /* finish(release) */
const enum step plan_sent[] = {STEP_FINISH, STEP_AUDIT, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_retry[] = {STEP_COPY, STEP_AUDIT, STEP_FINISH, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_pending[] = {STEP_FINISH, STEP_STOP, STEP_END}; /* parked: its successor is written */
const enum step plan_dead[] = {STEP_FINISH, STEP_DEAD_LETTER, STEP_AUDIT, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_bury[] = {STEP_DEAD_LETTER, STEP_AUDIT, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_told[] = {STEP_AUDIT, STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_complete[] = {STEP_COMPLETE, STEP_STOP, STEP_END};
const enum step plan_release[] = {STEP_FINISH, STEP_STOP, STEP_END};
const enum step plan_park[] = {STEP_COPY,  STEP_AUDIT,   STEP_FINISH, STEP_COMPLETE,
                               STEP_AWAIT, STEP_DISPOSE, STEP_END};
const enum step plan_await[] = {STEP_AWAIT, STEP_DISPOSE, STEP_END};
const enum step plan_stop[] = {STEP_STOP, STEP_END};

const enum step *plan_after_begin(enum verdict verdict, bool leaving, bool dead, bool completes)
{
    switch (verdict) {
    case VERDICT_LEASE:
        return completes ? plan_completion_mail : NULL;
    case VERDICT_DONE:
        if (leaving)
            return plan_stop;
        if (dead)
            return completes ? plan_completion_bury : plan_bury;
        return completes ? plan_completion_told : plan_told;
    case VERDICT_MISMATCH:
        return plan_told;
    case VERDICT_STALE:
        return plan_complete;
    default: /* busy */
        return plan_rest;
    }
}

/* What was handed on is told by whoever has it now: begin's next answer, or the parked mail's own finish. */
const enum step *plan_after_finish(enum finish_result asked, enum verdict verdict, bool leaving, bool dead)
{
    bool handed_on = asked == FINISH_RELEASE || asked == FINISH_PARK;
    if (verdict == VERDICT_OK || handed_on)
        return NULL;
    if (verdict == VERDICT_DONE && dead) /* whoever ended it so may have died before its dead letter */
        return asked == FINISH_DEAD ? NULL : plan_bury;
    if (verdict == VERDICT_DONE)
        return asked == FINISH_SENT ? NULL : plan_told;
    return leaving ? plan_stop : plan_again; /* lost, gone */
}
