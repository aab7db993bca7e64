/* One queue of librdkafka as a source of events for the loop. */
#ifndef IO_KAFKA_QUEUE_H
#define IO_KAFKA_QUEUE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "core/status.h"

struct event_base;
struct event;

/* Called on the loop when the queue has (or had) something; it polls kafka_queue_next() until NULL, or calls
 * kafka_queue_again() when it stops earlier: librdkafka tells only of an empty queue that fills. */
typedef void kafka_queue_ready(void *context);

struct kafka_queue {
    rd_kafka_queue_t *queue; /* owned */
    struct event *event;     /* owned */
    int descriptor;          /* an eventfd, owned; -1: closed */
    kafka_queue_ready *ready;
    void *context;
};

/* Takes `queue`, whatever happens.  The struct must not move while open. */
enum status kafka_queue_open(struct kafka_queue *queue, struct event_base *base, rd_kafka_queue_t *source,
                             kafka_queue_ready *ready, void *context, struct error *error) WARN_UNUSED;

/* The next event, to be destroyed by the caller; NULL: empty. */
rd_kafka_event_t *kafka_queue_next(struct kafka_queue *queue);

/* `ready` is called again on the next turn of the loop. */
void kafka_queue_again(struct kafka_queue *queue);

/* Closing what was never opened (all zero but descriptor -1) is fine. */
void kafka_queue_close(struct kafka_queue *queue);

/* rd_kafka_destroy() on a helper thread; waits `patience_ms` for it and then lets the thread go on alone (a
 * leaked reference would make it wait for ever).  Nulls the pointer.  False: it is still at it. */
bool kafka_handle_destroy(rd_kafka_t **handle, int patience_ms, bool leave_group);

#endif
