/* How a job is met from outside its steps: partitions that go, a worker that ends, time that passes.  Before
 * the final dot a job is cancelled and gives its lease back; at or after it the mail may be out, so it goes
 * on to the end. */
#include "worker/job.h"

#include <stdio.h>

#include "io/clock.h"
#include "worker/steps.h"

enum { RENEW_EVERY_MS = 15000 };

enum progress job_bury(struct job *job, enum reason reason, const char *fault)
{
    job->outcome = OUTCOME_DEAD;
    job->reason = reason;
    snprintf(job->fault, sizeof job->fault, "%s", fault);
    return job_follow(job, plan_bury);
}

enum progress job_give_up(struct job *job)
{
    if (job->lease.size == 0 || job->lease_lost)
        return job_follow(job, plan_stop);
    job->finish = (struct reset_finish){.result = FINISH_RELEASE};
    return job_follow(job, plan_release);
}

static void leave(struct job *job)
{
    switch (job_step(job)) {
    case STEP_HOLD:
    case STEP_REST:
        gate_leave(&job->waiter);
        job_answered(job, PROGRESS_AGAIN);
        return;
    case STEP_MAIL:
        if (job->mail_state == MAIL_UNDER_WAY && job->delivery)
            smtp_pool_cancel(job->worker->smtp, job->delivery);
        else if (job->mail_state == MAIL_NONE)
            job_answered(job, PROGRESS_AGAIN);
        return;
    default: /* BEGIN looks at `revoked` when it is answered; what comes after the mail goes its way */
        return;
    }
}

void job_revoke(struct job *job)
{
    if (job->revoked)
        return;
    job->revoked = true;
    leave(job);
}

void job_end_in_drain(struct job *job)
{
    if (job_step(job) == STEP_MAIL && job->mail_state == MAIL_AT_DOT && !job->revoked) {
        job_park(job);
        job_run(job);
        return;
    }
    leave(job);
}

static void look_after_lease(struct job *job, enum step step)
{
    if (job->lease.size == 0 || job->lease_lost)
        return;
    if (!lease_holds(job) && job->delivery) {
        lease_lost(job);
        return;
    }
    if (!job->renewing && step != STEP_FINISH && clock_boottime_ms() - job->lease_asked_ms >= RENEW_EVERY_MS)
        lease_renew(job);
}

void job_tick(struct job *job, int64_t now_ms)
{
    enum step step = job_step(job);
    look_after_lease(job, step);
    if (step == STEP_MAIL && job->mail_state == MAIL_AT_DOT && !job->revoked &&
        now_ms - job->dot_at_ms >= job->worker->settings.park_ms) {
        job_park(job);
        job_run(job);
    } else if ((step == STEP_REST && now_ms >= job->wake_at_ms) ||
               (step == STEP_MAIL && job->mail_state == MAIL_NONE)) {
        job_answered(job, PROGRESS_AGAIN);
    }
}
