/* The producer that answers a redemption keeps its request in memory, and asks the store when the time for a
 * change is over: one question at a time, oldest first.  A store that does not answer is asked again later.
 *
 * What it cannot count: what a process had under watch when it ended, and redemptions beyond the queue's
 * room, which are told in the log.  A redemption asked again at another process is counted by both. */
#include "producer/uncompleted.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/log.h"
#include "producer/redeemed_queue.h"

enum { AGAIN_MS = 10000 };

struct uncompleted {
    struct reset_store *store; /* this and the next: not owned */
    struct metrics *metrics;
    struct event *timer;
    struct redeemed_queue *queue;
    int64_t after_ms;
    char id[UUID_LENGTH + 1]; /* of the question under way */
    bool asking, full;        /* full: told already */
};

static void wait_ms(struct uncompleted *watch, int64_t wait)
{
    const struct timeval pause = clock_span(wait);
    event_add(watch->timer, &pause);
}

static void wait_for_first(struct uncompleted *watch)
{
    struct uuid id;
    int64_t due_ms, now_ms = clock_monotonic_ms();
    if (redeemed_queue_first(watch->queue, &id, &due_ms))
        wait_ms(watch, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void on_status(void *context, const struct reset_answer *answer)
{
    struct uncompleted *watch = context;
    watch->asking = false;
    if (answer->status != STATUS_OK && answer->status != STATUS_INVALID) {
        wait_ms(watch, AGAIN_MS);
        return;
    }
    redeemed_queue_take(watch->queue);
    watch->full = false;
    if (answer->status == STATUS_OK && answer->verdict == VERDICT_OK && answer->request &&
        answer->request->completed_ms == 0) {
        metrics_add(watch->metrics, METRIC_REDEEMED_UNCOMPLETED, NO_LABELS, 1);
        log_write(LOG_LEVEL_WARNING, "a request was redeemed and no change of the password was told",
                  LOG_TEXT("request_id", watch->id));
    }
    wait_for_first(watch);
}

static void on_due(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct uncompleted *watch = context;
    struct uuid id;
    int64_t due_ms;
    if (watch->asking || !redeemed_queue_first(watch->queue, &id, &due_ms))
        return;
    if (due_ms > clock_monotonic_ms()) {
        wait_for_first(watch);
        return;
    }
    watch->asking = true;
    uuid_print(&id, watch->id);
    reset_store_status(watch->store, text_of(watch->id), on_status, watch);
}

enum status uncompleted_new(struct event_base *base, struct reset_store *store, struct metrics *metrics,
                            int64_t after_ms, struct uncompleted **watch, struct error *error)
{
    struct uncompleted *made = calloc(1, sizeof *made);
    *watch = made;
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory to watch redemptions");
    *made = (struct uncompleted){.store = store, .metrics = metrics, .after_ms = after_ms};
    made->timer = event_new(base, -1, 0, on_due, made);
    made->queue = redeemed_queue_new();
    if (made->timer && made->queue)
        return STATUS_OK;
    uncompleted_free(watch);
    return error_set(error, STATUS_MEMORY, "no memory to watch redemptions");
}

void uncompleted_note(struct uncompleted *watch, struct text request_id)
{
    struct uuid id;
    if (!watch || !uuid_parse(request_id, &id))
        return;
    if (!redeemed_queue_add(watch->queue, &id, clock_monotonic_ms() + watch->after_ms)) {
        if (!watch->full)
            log_write(LOG_LEVEL_WARNING,
                      "too many redemptions under watch: some are not counted if no change "
                      "follows");
        watch->full = true;
    } else if (!watch->asking && !event_pending(watch->timer, EV_TIMEOUT, NULL)) {
        wait_for_first(watch);
    }
}

void uncompleted_free(struct uncompleted **watch)
{
    struct uncompleted *gone = *watch;
    *watch = NULL;
    if (!gone)
        return;
    if (gone->timer)
        event_free(gone->timer);
    redeemed_queue_free(&gone->queue);
    free(gone);
}
