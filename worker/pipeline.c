/* What each step is called, and the loop that runs a job's plan (plans.c) and measures its steps; it knows
 * nothing of what they do. */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/log.h"
#include "worker/intake.h"
#include "worker/steps.h"

static enum progress step_hold(struct job *job);
static enum progress step_rest(struct job *job);
static enum progress step_stop(struct job *job);

static const struct {
    const char *name;
    enum progress (*run)(struct job *job);
} steps[STEP_COUNT] = {
    [STEP_VERIFY] = {"verify", step_verify},
    [STEP_DECODE] = {"decode", step_decode},
    [STEP_JUDGE] = {"judge", step_judge},
    [STEP_HOLD] = {"hold", step_hold},
    [STEP_REST] = {"rest", step_rest},
    [STEP_BEGIN] = {"begin", step_begin},
    [STEP_BUILD] = {"build", step_build},
    [STEP_MAIL] = {"mail", step_mail},
    [STEP_DISPOSE] = {"dispose", step_dispose},
    [STEP_COPY] = {"copy", step_copy},
    [STEP_FINISH] = {"finish", step_finish},
    [STEP_DEAD_LETTER] = {"dead_letter", step_dead_letter},
    [STEP_AUDIT] = {"audit", step_audit},
    [STEP_COMPLETE] = {"complete", step_complete},
    [STEP_AWAIT] = {"await", step_await},
    [STEP_STOP] = {"stop", step_stop},
    [STEP_COMPLETION] = {"completion", step_completion},
};

const char *step_name(enum step step)
{
    return steps[step].name;
}

enum step job_step(const struct job *job)
{
    return *job->plan;
}

enum progress job_follow(struct job *job, const enum step *plan)
{
    job->plan = plan;
    return PROGRESS_PLAN;
}

static void measure(struct job *job, enum step step)
{
    int64_t now_us = clock_monotonic_us();
    metrics_observe(job->worker->metrics, METRIC_STAGE_SECONDS, LABELS(steps[step].name),
                    (double)(now_us - job->step_began_us) / 1e6);
    job->step_began_us = now_us;
}

static enum progress advance(struct job *job)
{
    if (!job->answered) {
        enum progress progress = steps[*job->plan].run(job);
        if (progress != PROGRESS_WAIT || !job->answered)
            return progress;
    }
    job->answered = false;
    return job->answer;
}

/* Between any two steps the process may die, and the partition may be taken away. */
static void cross(struct job *job, enum step from)
{
    enum step to = *job->plan;
    assert(to != STEP_END && "a job without a disposition");
    (void)from, (void)to;
    if (FAILPOINT("step.%s.%s", steps[from].name, steps[to].name))
        job_revoke(job);
}

void job_run(struct job *job)
{
    job->running = true;
    for (;;) {
        enum step step = *job->plan;
        switch (advance(job)) {
        case PROGRESS_ENDED:
            return;
        case PROGRESS_WAIT:
            job->running = false;
            return;
        case PROGRESS_AGAIN:
            break;
        case PROGRESS_NEXT:
            measure(job, step);
            job->plan++;
            cross(job, step);
            break;
        case PROGRESS_PLAN:
            measure(job, step);
            cross(job, step);
            break;
        }
    }
}

void job_answered(struct job *job, enum progress progress)
{
    job->answered = true;
    job->answer = progress;
    if (!job->running && !job->worker->ended)
        job_run(job);
}

static void go_on(void *context)
{
    job_answered(context, PROGRESS_AGAIN);
}

enum progress job_hold(struct job *job, enum dependency dependency, const char *reason)
{
    struct gate *gate = job->worker->gates[dependency];
    gate_failure(gate, reason);
    gate_wait(gate, &job->waiter);
    return PROGRESS_WAIT;
}

/* Before the lease: all that the way ahead needs is there, or nothing is begun. */
static enum progress step_hold(struct job *job)
{
    if (job->revoked || job->worker->drain_over)
        return job_follow(job, plan_stop);
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++) {
        struct gate *gate = job->worker->gates[i];
        if (gate_is_open(gate))
            continue;
        if (job->worker->draining)
            return job_follow(job, plan_stop);
        gate_wait(gate, &job->waiter);
        return PROGRESS_WAIT;
    }
    return PROGRESS_NEXT;
}

static enum progress step_rest(struct job *job)
{
    if (job->revoked || job->worker->draining)
        return job_follow(job, plan_stop);
    return clock_monotonic_ms() < job->wake_at_ms ? PROGRESS_WAIT : PROGRESS_NEXT;
}

static enum progress step_stop(struct job *job)
{
    if (job->renewing)
        return PROGRESS_WAIT;
    struct worker *worker = job->worker;
    job_free(&job);
    intake_job_ended(worker);
    return PROGRESS_ENDED;
}

/* All of a job but the room for its lease's bytes, which are half of it and wiped with the lease. */
#define JOB_HEAD offsetof(struct job, lease.bytes)

struct job *job_new(struct worker *worker, size_t lane, struct kafka_record *record)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return NULL;
    memset(job, 0, JOB_HEAD);
    job->worker = worker;
    job->lane = lane;
    job->record = record;
    job->plan = plan_new;
    job->waiter = (struct gate_waiter){.go = go_on, .context = job};
    job->step_began_us = clock_monotonic_us();
    buffer_init_secret(&job->message, MESSAGE_LIMIT);
    job->next = worker->jobs;
    job->link = &worker->jobs;
    if (job->next)
        job->next->link = &job->next;
    worker->jobs = job;
    worker->job_count++;
    worker->job_bytes += kafka_record_size(record);
    return job;
}

void job_free(struct job **job)
{
    struct job *gone = *job;
    *job = NULL;
    gate_leave(&gone->waiter);
    buffer_clear(&gone->message);
    reset_lease_clear(&gone->lease);
    reset_event_free(&gone->event);
    gone->worker->job_bytes -= kafka_record_size(gone->record);
    kafka_record_free(&gone->record);
    *gone->link = gone->next;
    if (gone->next)
        gone->next->link = gone->link;
    gone->worker->job_count--;
    sodium_memzero(gone, JOB_HEAD);
    free(gone);
}
