/* One producer handle of librdkafka on the loop, from its making to its end.  A producer has one that takes
 * messages, and while it recovers from a fatal error older ones that only give reports back. */
#ifndef IO_KAFKA_CARRIER_H
#define IO_KAFKA_CARRIER_H

#include <librdkafka/rdkafka.h>

#include "io/kafka_flight.h"
#include "io/kafka_queue.h"

struct kafka_carrier {
    struct kafka_carrier *next; /* in the producer's list of old ones */
    struct kafka_producer *producer;
    rd_kafka_t *handle;                     /* owned */
    struct kafka_queue queue;               /* its reports, errors and log lines */
    rd_kafka_event_t *held;                 /* reports that wait for a new handle; owned */
    const rd_kafka_message_t *held_message; /* the next of them; NULL: the event gives it */
    uint64_t messages;                      /* given to it and not reported yet */
    int64_t born_ms, gone_ms; /* monotonic; gone: when its reports are not waited for any more */
    bool broken;              /* a fatal error was seen */
};

enum status kafka_carrier_new(struct event_base *base, const rd_kafka_conf_t *template,
                              kafka_queue_ready *ready, struct kafka_producer *producer,
                              struct kafka_carrier **carrier, struct error *error) WARN_UNUSED;

/* Everything in it comes back as a report, soon.  Does not block. */
void kafka_carrier_purge(struct kafka_carrier *carrier);

/* The rest of its life happens on a helper thread, waited for `patience_ms`. */
void kafka_carrier_free(struct kafka_carrier **carrier, int patience_ms);

#endif
