/* Back-pressure is not reading: the lanes have room while all dependencies are there and fewer than
 * `concurrency` events are under way.  Retry lanes are read ahead into heaps of bounded size, so a record
 * that is due is not behind one that is not; a due record starts when there is room for one more event.  A
 * tier whose heap is full has nothing to give for long: its lane is set aside until a quarter is free.
 *
 * When a copy is due stands in Redis's time, and how long that is from now is asked once, when the copy is
 * read; it then waits by a clock that nobody sets: Redis's may be set back meanwhile, or be another Redis's.
 */
#include "worker/intake.h"

#include "io/clock.h"
#include "io/log.h"
#include "worker/drain.h"
#include "worker/job.h"

/* Records of one retry tier in memory: about 2 KiB each.  Within a tier they come due nearly in the order of
 * the log, so the heap needs to hold only what is out of order. */
enum { DUE_MOST = 2000, DUE_ROOM = DUE_MOST / 4, TICK_MS = 100 };

/* Caps on what records take where they are large: an event has a few hundred bytes, but anybody who may write
 * to a topic may write megabytes.  Each tier has its own, so that waiting copies never keep fresh requests
 * out. */
enum { JOB_BYTES_MOST = 32 << 20, DUE_BYTES_MOST = 8 << 20 };

static bool gates_open(const struct worker *worker)
{
    for (size_t i = 0; i < DEPENDENCY_COUNT; i++)
        if (!gate_is_open(worker->gates[i]))
            return false;
    return true;
}

size_t intake_room(void *context, size_t lane)
{
    struct worker *worker = context;
    size_t room = 0;
    if (!worker->draining && worker->store_started && gates_open(worker)) {
        if (lane != LANE_REQUESTED) {
            room = due_queue_room(worker->due[lane]);
            if (room == 0)
                kafka_consumer_set_aside(worker->consumer, lane);
        } else if (worker->job_count < worker->settings.concurrency && worker->job_bytes < JOB_BYTES_MOST)
            room = worker->settings.concurrency - worker->job_count;
    }
    worker->resting[lane] = room == 0;
    return room;
}

/* False: no memory; the record is still the caller's. */
static bool begin_job(struct worker *worker, size_t lane, struct kafka_record *record)
{
    struct job *job = job_new(worker, lane, record);
    if (!job) {
        log_write(LOG_LEVEL_ERROR, "no memory for an event: it waits");
        return false;
    }
    job_run(job);
    return true;
}

static void start_due_of(struct worker *worker, size_t lane, int64_t now_ms)
{
    while (worker->job_count < worker->settings.concurrency) {
        struct kafka_record *record = due_queue_take(worker->due[lane], now_ms);
        if (!record)
            return;
        if (!begin_job(worker, lane, record)) {
            due_queue_add(worker->due[lane], now_ms, record);
            return;
        }
    }
}

static void start_due(struct worker *worker)
{
    if (!gates_open(worker) || worker->draining)
        return;
    int64_t now_ms = clock_boottime_ms();
    for (size_t lane = 1; lane <= worker->settings.tiers; lane++) {
        start_due_of(worker, lane, now_ms);
        if (worker->resting[lane] && due_queue_room(worker->due[lane]) >= DUE_ROOM)
            kafka_consumer_resume(worker->consumer, lane);
    }
}

/* No longer than its tier: a header, or a clock that is wrong now, must not hold it for ever. */
static int64_t wait_of(const struct worker *worker, size_t lane, const struct retry_position *position)
{
    int64_t wait_ms = position->retry_at_ms - worker_now_ms(worker);
    int64_t most_ms = worker->settings.tiers_ms[lane - 1];
    if (wait_ms < 0)
        return 0;
    return wait_ms < most_ms ? wait_ms : most_ms;
}

bool intake_record(void *context, size_t lane, struct kafka_record *record)
{
    struct worker *worker = context;
    struct retry_position position;
    bool requested = lane == LANE_REQUESTED;
    if (requested || retry_position_read(record, &position, NULL)) {
        if (!begin_job(worker, lane, record))
            return false;
    } else {
        due_queue_add(worker->due[lane], clock_boottime_ms() + wait_of(worker, lane, &position), record);
        start_due(worker);
    }
    metrics_add(worker->metrics, METRIC_EVENTS_CONSUMED, LABELS(requested ? "requested" : "retry"), 1);
    return true;
}

void intake_resume(struct worker *worker)
{
    for (size_t lane = 0; lane <= worker->settings.tiers; lane++)
        if (worker->resting[lane])
            kafka_consumer_resume(worker->consumer, lane);
}

void intake_job_ended(struct worker *worker)
{
    if (worker->draining) {
        event_active(worker->tick, EV_TIMEOUT,
                     0); /* not from here: whoever ended this job may go through all */
        return;
    }
    if (worker->resting[LANE_REQUESTED])
        kafka_consumer_resume(worker->consumer, LANE_REQUESTED);
}

static void on_tick(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    struct worker *worker = context;
    int64_t now_ms = clock_monotonic_ms();
    for (struct job *job = worker->jobs, *next; job; job = next) {
        next = job->next;
        job_tick(job, now_ms);
    }
    start_due(worker);
    if (worker->draining)
        drain_look(worker);
}

struct partitions {
    const struct kafka_partition *items;
    size_t count;
};

/* Whatever its epoch: what was read before its partition began anew at a lower offset is given up with the
 * rest. */
static bool among(void *context, struct kafka_reference reference)
{
    const struct partitions *partitions = context;
    for (size_t i = 0; i < partitions->count; i++) {
        const struct kafka_partition *partition = &partitions->items[i];
        if (partition->lane == reference.lane && partition->partition == reference.partition)
            return true;
    }
    return false;
}

void intake_revoked(void *context, const struct kafka_partition *items, size_t count, bool lost)
{
    struct worker *worker = context;
    struct partitions partitions = {items, count};
    metrics_add(worker->metrics, METRIC_REBALANCES, NO_LABELS, 1);
    log_write(LOG_LEVEL_INFO, "partitions are given up", LOG_NUMBER("count", count), LOG_FLAG("lost", lost));
    for (size_t lane = 1; lane <= worker->settings.tiers; lane++)
        due_queue_drop(worker->due[lane], among, &partitions);
    for (struct job *job = worker->jobs, *next; job; job = next) {
        next = job->next;
        if (among(&partitions, job->record->reference))
            job_revoke(job);
    }
}

static bool any(void *context, struct kafka_reference reference)
{
    (void)context, (void)reference;
    return true;
}

void intake_drain(struct worker *worker)
{
    for (size_t lane = 1; lane <= worker->settings.tiers; lane++) {
        due_queue_drop(worker->due[lane], any, NULL);
    }
}

enum status intake_start(struct worker *worker, struct error *error)
{
    for (size_t lane = 1; lane <= worker->settings.tiers; lane++) {
        worker->due[lane] = due_queue_new(DUE_MOST, DUE_BYTES_MOST);
        if (!worker->due[lane])
            return error_set(error, STATUS_MEMORY, "no memory for the queue of a retry tier");
    }
    worker->tick = event_new(worker->base, -1, EV_PERSIST, on_tick, worker);
    struct timeval every = {.tv_usec = TICK_MS * 1000};
    if (!worker->tick || event_add(worker->tick, &every))
        return error_set(error, STATUS_MEMORY, "no memory for the worker's timer");
    return STATUS_OK;
}

void intake_stop(struct worker *worker)
{
    if (worker->tick)
        event_free(worker->tick);
    worker->tick = NULL;
    for (size_t lane = 0; lane < KAFKA_LANES_MAX; lane++)
        due_queue_free(&worker->due[lane]);
}
