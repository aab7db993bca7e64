/* One request into Kafka: encoded as an event, signed by the producer's own entry of the publishers file,
 * produced.  What the HTTP intake and `send` share. */
#ifndef PRODUCER_PUBLISHER_H
#define PRODUCER_PUBLISHER_H

#include "core/event.h"
#include "core/publishers.h"
#include "io/kafka_producer.h"

struct event_publisher;

/* One request that was decoded and allowed. */
struct publication {
    const struct request *request;
    const char *id; /* a UUID in text: the request's id */
    struct asserted_by asserted_by;
    struct text traceparent; /* may be absent */
};

/* `producer` and `topic` must outlive it.  STATUS_MEMORY. */
enum status event_publisher_new(struct kafka_producer *producer, const char *topic,
                                struct event_publisher **publisher, struct error *error) WARN_UNUSED;

/* In whose name is signed from now on; its name and key are copied.  Called before the first send, and again
 * after a reload. */
void event_publisher_sign_as(struct event_publisher *publisher, const struct publisher *entry);

/* Dated now.  As kafka_producer_send: OK means that `delivered` comes exactly once; FULL and UNAVAILABLE:
 * again later; INVALID: never. Keeps nothing of the publication. */
enum status event_publisher_send(struct event_publisher *publisher, const struct publication *publication,
                                 kafka_delivered *delivered, void *context, struct error *error) WARN_UNUSED;

/* Does not wait for deliveries: those are the Kafka producer's. */
void event_publisher_free(struct event_publisher **publisher);

#endif
