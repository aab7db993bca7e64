/* Four times: until `drain_ms` less the margin, mails under way go on as ever; then what waits at the dot is
 * parked and all else gives its lease back; at `drain_ms` less two fifths of the margin whatever is left is
 * left behind, and the group is left until one fifth before the end.  The last fifth is for the tearing down,
 * which takes that long where Kafka or Redis is away.  The consumer leaves after the last offset is stored.
 */
#include "worker/drain.h"

#include "io/clock.h"
#include "io/log.h"
#include "worker/intake.h"
#include "worker/job.h"

enum { MARGIN_MS = 5000 };

static bool only_parked_jobs_left(const struct worker *worker)
{
    for (const struct job *job = worker->jobs; job; job = job->next)
        if (!job->parked)
            return false;
    return true;
}

static void on_produced(void *context, enum status status)
{
    struct worker *worker = context;
    if (status != STATUS_OK)
        log_write(LOG_LEVEL_WARNING, "some records were not acknowledged in time; they come again");
    event_base_loopbreak(worker->base);
}

/* For the group and the last records. */
static int left_ms(const struct worker *worker)
{
    int64_t left = worker->drain_until_ms - worker->drain_margin_ms / 5 - clock_monotonic_ms();
    return left > 100 ? (int)left : 100;
}

static void on_closed(void *context, enum status status)
{
    struct worker *worker = context;
    worker->closed = true;
    if (status != STATUS_OK)
        log_write(LOG_LEVEL_WARNING, "the group could not be left in time: it waits for the session's end");
    kafka_producer_drain(worker->producer, left_ms(worker), on_produced, worker);
}

static void end_jobs(struct worker *worker)
{
    worker->drain_over = true;
    for (struct job *job = worker->jobs, *next; job; job = next) {
        next = job->next;
        job_end_in_drain(job);
    }
}

void drain_look(struct worker *worker)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!worker->drain_over && now_ms >= worker->drain_until_ms - worker->drain_margin_ms)
        end_jobs(worker);
    bool over = now_ms >= worker->drain_until_ms - worker->drain_margin_ms * 2 / 5;
    if (!worker->closing && (only_parked_jobs_left(worker) || over)) {
        worker->closing = true;
        if (!only_parked_jobs_left(worker))
            log_write(LOG_LEVEL_WARNING, "the drain's time is over with events under way; they come again",
                      LOG_NUMBER("events", worker->job_count));
        kafka_consumer_close(worker->consumer, left_ms(worker), on_closed, worker);
    }
}

static void start_looking(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    drain_look(context);
}

void drain_begin(struct worker *worker)
{
    if (worker->draining)
        return;
    worker->draining = true;
    worker->drain_until_ms = clock_monotonic_ms() + worker->settings.drain_ms;
    worker->drain_margin_ms =
        worker->settings.drain_ms / 4 < MARGIN_MS ? worker->settings.drain_ms / 4 : MARGIN_MS;
    log_write(LOG_LEVEL_INFO, "draining: nothing new is taken",
              LOG_NUMBER("events_under_way", worker->job_count),
              LOG_NUMBER("deadline_ms", worker->settings.drain_ms));
    intake_drain(worker);
    for (struct job *job = worker->jobs, *next; job; job = next) {
        next = job->next;
        if (job_step(job) == STEP_REST || job_step(job) == STEP_HOLD)
            job_end_in_drain(job);
    }
    event_base_once(worker->base, -1, EV_TIMEOUT, start_looking, worker, NULL);
}
