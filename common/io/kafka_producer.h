/* Records to Kafka, idempotent, acks=all; delivery reports come on the event loop.
 *
 * One thread only: the loop's.  No call blocks, but kafka_producer_free() (2 seconds, 4 with a probe under
 * way).  A fatal error of the idempotent producer is not seen by the caller: a new handle is made and what
 * was unacknowledged is produced again, with the same key, value and headers (so a record may be there twice,
 * with the same id, and newer ones may overtake it). */
#ifndef IO_KAFKA_PRODUCER_H
#define IO_KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "core/text.h"
#include "io/kafka_properties.h"

struct event_base;
struct kafka_producer;

struct kafka_header {
    const char *name;
    struct text value;
};

struct kafka_message {
    const char *topic;
    struct text key; /* bytes NULL: no key, a random partition */
    struct text value;
    const struct kafka_header *headers;
    size_t header_count;
};

/* How one message ended.
 * OK           all in-sync replicas have it; partition, offset and timestamp are known
 * TIMEOUT      no acknowledgement within the deadline; Kafka may have it nevertheless
 * INVALID      refused for what it is (too large, …): never again
 * NOT_FOUND    the topic is not there
 * DENIED       the broker does not let us
 * FULL         the local queue filled up while producing it again
 * UNAVAILABLE  any other trouble of the cluster */
struct kafka_delivery {
    enum status status;
    bool maybe_persisted;  /* not OK, and yet Kafka may have it */
    bool broker_timestamp; /* timestamp_ms is the broker's (LogAppendTime), else our own (CreateTime) */
    int64_t timestamp_ms;  /* since 1970; -1 where unknown (dev-broker) */
    int64_t offset;        /* -1 where unknown */
    int32_t partition;     /* -1 where unknown */
    const char *reason; /* librdkafka's words for the error, e.g. "Broker: Message size too large"; static */
};

typedef void kafka_delivered(void *context, const struct kafka_delivery *delivery);

struct kafka_producer_settings {
    struct kafka_properties properties;
    int deadline_ms; /* from kafka_producer_send() to the callback, whatever happens; 0: 30 000 */
    int linger_ms;   /* how long a record may wait for others of its partition; 0: it goes at once.  The
                        configuration's   linger.ms goes before it */
    kafka_notice *notice;
    void *notice_context;
};

/* Fails with STATUS_CONFIG on a property that librdkafka or we refuse.  Connects in the background. */
enum status kafka_producer_new(struct event_base *base, const struct kafka_producer_settings *settings,
                               struct kafka_producer **producer, struct error *error) WARN_UNUSED;

/* Copies the message and returns at once.  OK: `delivered` is called exactly once, later, from the loop,
 * within the deadline. Anything else: it is never called.  FULL: too many are in flight, ask again later;
 * INVALID: too large; UNAVAILABLE: between two handles. */
enum status kafka_producer_send(struct kafka_producer *producer, const struct kafka_message *message,
                                kafka_delivered *delivered, void *context, struct error *error) WARN_UNUSED;

/* Calls `drained` from the loop when nothing is in flight any more (OK), or at the deadline (TIMEOUT).  One
 * at a time. */
typedef void kafka_drained(void *context, enum status status);
void kafka_producer_drain(struct kafka_producer *producer, int deadline_ms, kafka_drained *drained,
                          void *context);

/* Asks the cluster for the topic's metadata on a helper thread and answers on the loop: OK with the number of
 * partitions; CONFIG (a broker where plaintext may not go), NOT_FOUND, DENIED, UNAVAILABLE (no answer in
 * `deadline_ms`, or a partition without leader). CONFLICT: one is under way. For readiness; a few times a
 * minute.  A running probe's callback does not come after kafka_producer_free(). */
typedef void kafka_probed(void *context, enum status status, int partitions, const struct error *error);
enum status kafka_producer_probe(struct kafka_producer *producer, const char *topic, int deadline_ms,
                                 kafka_probed *probed, void *context, struct error *error) WARN_UNUSED;

struct kafka_producer_figures {
    uint64_t in_flight; /* messages without a callback yet */
    uint64_t delivered; /* since the start */
    uint64_t failed;
    uint64_t handles; /* made since the start: 1 and the number of fatal errors survived */
};
struct kafka_producer_figures kafka_producer_figures(const struct kafka_producer *producer);

/* What is still in flight is answered UNAVAILABLE first, from inside this call. */
void kafka_producer_free(struct kafka_producer **producer);

#endif
