/* begin, renew and finish.  A question whose answer was lost is asked again word for word (same owner): Redis
 * then finds what it did.  A new lease is always asked for with a new owner and a new candidate for the link.
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "core/hex.h"
#include "core/short_text.h"
#include "io/clock.h"
#include "io/failpoint.h"
#include "io/log.h"
#include "worker/steps.h"

/* A lease is usually given back long before it ends, so whoever found it taken looks again before that. */
enum { LEASE_MS = 45000, LEASE_MARGIN = 9 /* a ninth of it: 5 s */, BUSY_REST_MS = 1000 };

static void remember_time(struct job *job, int64_t redis_ms)
{
    job->redis_ms = redis_ms;
    job->redis_boottime_ms = clock_boottime_ms();
}

/* From before it was asked for, so that Redis's end of it is never before ours. */
static void lease_granted(struct job *job)
{
    int64_t length_ms = FAILPOINT_NUMBER("RESET_FAILPOINT_LEASE_MS", LEASE_MS);
    job->lease_until_ms = job->lease_asked_ms + length_ms - length_ms / LEASE_MARGIN;
}

bool lease_holds(const struct job *job)
{
    return job->lease.size > 0 && !job->lease_lost && clock_boottime_ms() < job->lease_until_ms;
}

void lease_forget(struct job *job)
{
    reset_lease_clear(&job->lease);
    job->lease_lost = false;
    job->asked = false;
}

static enum progress rest(struct job *job, int64_t ms)
{
    job->wake_at_ms = clock_monotonic_ms() + ms;
    return job_follow(job, plan_rest);
}

/* What Redis remembers of the end, for audit record and dead letter. */
static void take_ending(struct job *job, const struct request_record *record)
{
    static const enum outcome outcomes[REQUEST_STATE_COUNT] = {
        [REQUEST_PENDING] = OUTCOME_DEFERRED, [REQUEST_LEASED] = OUTCOME_DEFERRED,
        [REQUEST_SENT] = OUTCOME_SENT,        [REQUEST_SUPPRESSED] = OUTCOME_SUPPRESSED,
        [REQUEST_EXPIRED] = OUTCOME_EXPIRED,  [REQUEST_DEAD] = OUTCOME_DEAD,
    };
    struct job_ending *ended = &job->ended;
    char enhanced[sizeof ended->enhanced]; /* the record may still point to what was handed to finish */
    short_text_keep(record->enhanced, enhanced, sizeof enhanced);
    job->from_record = true;
    job->told = false;
    job->outcome = outcomes[record->state];
    job->reason = record->reason;
    *ended = (struct job_ending){
        .generation = record->generation,
        .copy = record->copy,
        .attempt = record->tries,
        .reply_code = record->reply_code,
        .maybe_mailed = record->maybe_mailed && record->state != REQUEST_SENT,
        .rebuilt = record->rebuilt,
    };
    if (record->has_inc)
        hex_encode(record->inc, sizeof record->inc, ended->incarnation);
    short_text_keep(record->into, ended->into, sizeof ended->into);
    short_text_keep(record->completes, ended->completes, sizeof ended->completes);
    memcpy(ended->enhanced, enhanced, sizeof enhanced);
}

/* Whether this event still has to say that the password was changed.  A copy need not: its original had that
 * acknowledged before. */
static bool tells_completion(const struct job *job)
{
    return job->event->request.method == METHOD_PASSWORD_CHANGED && job->position.copy == 0 &&
           !job->completion_told;
}

static enum progress follow(struct job *job, const enum step *plan)
{
    return plan ? job_follow(job, plan) : PROGRESS_NEXT;
}

static void take_lease(struct job *job, const struct reset_answer *answer)
{
    if (answer->request && answer->request->rebuilt)
        metrics_add(job->worker->metrics, METRIC_REDIS_DATA_LOST, NO_LABELS, 1);
    lease_granted(job);
    take_ending(job, &job->lease.record);
    job->from_record = false;
}

/* A lease that nobody renews is over after its time, though Redis's clock was set back meanwhile. */
static void watch_lease(struct job *job, const struct request_record *request)
{
    if (!request || request->lease_ms == job->watched_lease_ms)
        return;
    job->watched_lease_ms = request->lease_ms;
    job->watched_since_ms = clock_boottime_ms();
}

static enum progress begin_verdict(struct job *job, const struct reset_answer *answer)
{
    switch (answer->verdict) {
    case VERDICT_LEASE:
        take_lease(job, answer);
        if (job->revoked || job->worker->drain_over)
            return job_give_up(job);
        break;
    case VERDICT_DONE:
        take_ending(job, answer->request);
        break;
    case VERDICT_BUSY:
        watch_lease(job, answer->request);
        return rest(job, answer->rest_ms < BUSY_REST_MS ? answer->rest_ms : BUSY_REST_MS);
    case VERDICT_MISMATCH:
        job->outcome = OUTCOME_DENIED;
        job->reason = REASON_ID_REUSED;
        break;
    case VERDICT_STALE:
        break;
    default:
        assert(!"begin has no such verdict");
        return rest(job, BUSY_REST_MS);
    }
    return follow(job, plan_after_begin(answer->verdict, job->revoked, job->outcome == OUTCOME_DEAD,
                                        tells_completion(job)));
}

/* No verdict: the same question later.  A conflict is only much traffic on one user, all else is Redis's
 * trouble. */
static enum progress no_verdict(struct job *job, const struct reset_answer *answer)
{
    const char *why = answer->error ? answer->error->text : status_name(answer->status);
    metrics_add(job->worker->metrics, METRIC_REDIS_ERRORS, LABELS(status_name(answer->status)), 1);
    return job_hold(job, DEPENDENCY_REDIS, why);
}

static void begun(void *context, const struct reset_answer *answer)
{
    struct job *job = context;
    remember_time(job, answer->now_ms);
    enum progress progress;
    if (answer->status == STATUS_OK) {
        gate_success(job->worker->gates[DEPENDENCY_REDIS]);
        sodium_memzero(job->question.seed, sizeof job->question.seed);
        job->asked = false;
        progress = begin_verdict(job, answer);
    } else if (answer->status == STATUS_INVALID) {
        progress = job_bury(job, REASON_SCHEMA, answer->error->text);
    } else {
        progress = no_verdict(job, answer);
    }
    job_answered(job, progress);
}

/* The publisher may have been taken out of the file since its signature was verified. */
struct text job_bulk_key(const struct job *job)
{
    const struct reset_event *event = job->event;
    const struct publisher *publisher = publishers_find(job->worker->publishers, text_of(job->publisher));
    if (!publisher || event->request.method == METHOD_PASSWORD_CHANGED ||
        !policy_believes_bulk(&publisher->grant, &event->asserted_by, &event->request))
        return (struct text){0};
    return event->asserted_by.channel == CHANNEL_KAFKA ? text_of(job->publisher) : event->asserted_by.key_id;
}

static void mint(struct random_stock *randomness, struct reset_begin *question)
{
    random_stock_take(randomness, question->owner, sizeof question->owner);
    random_stock_take(randomness, question->seed, sizeof question->seed);
    random_stock_take(randomness, question->inc, sizeof question->inc);
}

enum progress step_begin(struct job *job)
{
    struct reset_begin *question = &job->question;
    if (job->renewing)
        return PROGRESS_WAIT; /* the question about the old lease still points to it */
    if (!job->asked) {
        lease_forget(job);
        *question = (struct reset_begin){
            .request_id = text_of(job->event->id),
            .generation = job->position.generation,
            .copy = job->position.copy,
            .t0_ms = job->position.t0_ms,
            .request = &job->event->request,
            .bulk_key_id = job_bulk_key(job),
            .bulk_publisher = text_of(job->publisher),
            .watched_lease_ms = job->watched_lease_ms,
            .watched_ms = job->watched_lease_ms ? clock_boottime_ms() - job->watched_since_ms : 0,
        };
        mint(&job->worker->randomness, question);
        job->asked = true;
    }
    job->lease_asked_ms = clock_boottime_ms();
    reset_store_begin(job->worker->store, question, &job->lease, begun, job);
    return PROGRESS_WAIT;
}

static enum progress finish_verdict(struct job *job, const struct reset_answer *answer, enum verdict verdict)
{
    enum finish_result asked = job->finish.result;
    bool handed_on = asked == FINISH_RELEASE || asked == FINISH_PARK;
    if (verdict == VERDICT_DONE && !handed_on)
        take_ending(job, answer->request);
    else if (verdict != VERDICT_OK && verdict != VERDICT_DONE)
        log_write(LOG_LEVEL_INFO, "a lease is not ours any more", LOG_TEXT("request_id", job->event->id),
                  LOG_TEXT("verdict", verdict_name(answer->verdict)));
    return follow(
        job, plan_after_finish(asked, verdict, job->revoked || job->parked, job->outcome == OUTCOME_DEAD));
}

static void finished(void *context, const struct reset_answer *answer)
{
    struct job *job = context;
    bool unreadable = answer->status == STATUS_INVALID; /* lost, then: begin says what is wrong with it */
    if (answer->status != STATUS_OK && !unreadable) {
        job_answered(job, no_verdict(job, answer));
        return;
    }
    enum verdict verdict = unreadable ? VERDICT_LOST : answer->verdict;
    gate_success(job->worker->gates[DEPENDENCY_REDIS]);
    enum progress progress = finish_verdict(job, answer, verdict);
    if (job->finish.result == FINISH_PARK)
        job->lease_lost |= verdict != VERDICT_OK;
    else
        lease_forget(job);
    job_answered(job, progress);
}

int64_t lease_now_ms(const struct job *job)
{
    return job->redis_ms + (clock_boottime_ms() - job->redis_boottime_ms);
}

enum progress step_finish(struct job *job)
{
    if (job->renewing)
        return PROGRESS_WAIT; /* one question about a lease at a time; `renewed` goes on */
    job->finish.now_ms = lease_now_ms(job);
    reset_store_finish(job->worker->store, &job->lease, &job->finish, finished, job);
    return PROGRESS_WAIT;
}

void lease_lost(struct job *job)
{
    job->lease_lost = true;
    if (job->delivery)
        smtp_pool_abort(job->worker->smtp, job->delivery);
}

static void renewed(void *context, const struct reset_answer *answer)
{
    struct job *job = context;
    job->renewing = false;
    if (answer->status == STATUS_OK && answer->verdict == VERDICT_OK)
        lease_granted(job);
    else if (answer->status == STATUS_OK)
        lease_lost(job);
    enum step step = job_step(job);
    if (step == STEP_BEGIN || step == STEP_FINISH || step == STEP_STOP)
        job_answered(job, PROGRESS_AGAIN);
}

void lease_renew(struct job *job)
{
    job->renewing = true;
    job->lease_asked_ms = clock_boottime_ms();
    job->renewal = (struct reset_finish){.result = FINISH_RENEW, .now_ms = lease_now_ms(job)};
    reset_store_finish(job->worker->store, &job->lease, &job->renewal, renewed, job);
}
