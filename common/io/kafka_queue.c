/* The bridge from librdkafka's threads to the loop: an eventfd for each queue.
 *
 * librdkafka writes to the descriptor when an empty queue fills and not again before it was polled; so
 * whoever is called drains it, or asks to be called again.  The descriptor does not block: a write to a full
 * one is lost, which is fine, the loop is awake then.  Destroying a handle joins its threads and can take
 * long, or for ever when a reference leaked: it happens on a thread, waited for a bounded time. */
#include "io/kafka_queue.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void on_readable(evutil_socket_t descriptor, short what, void *context)
{
    struct kafka_queue *queue = context;
    uint64_t count;
    (void)what;
    while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR)
        ;
    queue->ready(queue->context);
}

enum status kafka_queue_open(struct kafka_queue *queue, struct event_base *base, rd_kafka_queue_t *source,
                             kafka_queue_ready *ready, void *context, struct error *error)
{
    static const uint64_t one = 1;
    *queue = (struct kafka_queue){.queue = source, .descriptor = -1, .ready = ready, .context = context};
    if (source == NULL)
        return error_set(error, STATUS_INTERNAL, "librdkafka has no such queue");
    queue->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (queue->descriptor >= 0)
        queue->event = event_new(base, queue->descriptor, EV_READ | EV_PERSIST, on_readable, queue);
    if (queue->event == NULL || event_add(queue->event, NULL) != 0) {
        kafka_queue_close(queue);
        return error_set(error, STATUS_MEMORY,
                         "no descriptor for a Kafka queue: raise the limit of open files");
    }
    rd_kafka_queue_io_event_enable(source, queue->descriptor, &one, sizeof one);
    kafka_queue_again(queue); /* what came before the enabling made no event */
    return STATUS_OK;
}

rd_kafka_event_t *kafka_queue_next(struct kafka_queue *queue)
{
    return queue->queue ? rd_kafka_queue_poll(queue->queue, 0) : NULL;
}

void kafka_queue_again(struct kafka_queue *queue)
{
    if (queue->event)
        event_active(queue->event, EV_READ, 0);
}

void kafka_queue_close(struct kafka_queue *queue)
{
    if (queue->queue && queue->descriptor >= 0)
        rd_kafka_queue_io_event_enable(queue->queue, -1, NULL, 0);
    if (queue->event)
        event_free(queue->event);
    if (queue->queue)
        rd_kafka_queue_destroy(queue->queue);
    if (queue->descriptor >= 0)
        close(queue->descriptor);
    *queue = (struct kafka_queue){.descriptor = -1};
}

struct destruction {
    rd_kafka_t *handle;
    int flags;
};

static void *destroy_on_thread(void *context)
{
    struct destruction *destruction = context;
    rd_kafka_destroy_flags(destruction->handle, destruction->flags);
    free(destruction);
    return NULL;
}

bool kafka_handle_destroy(rd_kafka_t **handle, int patience_ms, bool leave_group)
{
    pthread_t thread;
    struct timespec until;
    if (*handle == NULL)
        return true;
    struct destruction *destruction = malloc(sizeof *destruction);
    if (destruction == NULL)
        return false; /* leaked rather than blocked: the process has other troubles */
    *destruction = (struct destruction){*handle, leave_group ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE};
    *handle = NULL;

    sigset_t all, before;
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&thread, NULL, destroy_on_thread, destruction);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        free(destruction);
        return false;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience_ms / 1000;
    until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    if (patience_ms > 0 && pthread_timedjoin_np(thread, NULL, &until) == 0)
        return true;
    pthread_detach(thread);
    return false;
}
