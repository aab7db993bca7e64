/* Records from Kafka: one group member for several topics ("lanes"), completion out of order, back-pressure
 * by not reading.
 *
 * A lane is one topic with a queue of its own: a lane that has no room is not read, and holds up neither the
 * others nor the group's life.  Every record is given out once per assignment and must be completed; the
 * offset stored (and committed) for a partition is the first one that is not complete.  An assignment has an
 * epoch; what refers to an epoch that was revoked is ignored.  One thread only: the loop's.
 *
 * A partition that goes on at a lower offset (its log was cut, the topic made anew, a batch had a wrong
 * checksum) gets a fresh epoch without being revoked: what was given out before may be there no more, so its
 * owner brings it to its end; it stores no offset. */
#ifndef IO_KAFKA_CONSUMER_H
#define IO_KAFKA_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "core/text.h"
#include "io/kafka_properties.h"
#include "io/kafka_record.h"

struct event_base;
struct kafka_consumer;

struct kafka_partition {
    size_t lane;
    int32_t partition;
    uint32_t epoch;
};

struct kafka_consumer_callbacks {
    void *context;
    /* How many records of the lane are wanted now; asked before each batch: cheap, please.  After a 0 the
     * lane rests until kafka_consumer_resume(). */
    size_t (*room)(void *context, size_t lane);
    /* One record; true: it belongs to the callee now (kafka_record_free).  False: there is no memory for it;
     * it stays ours and is offered again within a second. */
    bool (*record)(void *context, size_t lane, struct kafka_record *record);
    /* After the assignment; may be NULL. */
    void (*assigned)(void *context, const struct kafka_partition *partitions, size_t count);
    /* BEFORE the partitions are given up.  What is completed inside this call still counts, unless `lost`:
     * then somebody else may own them already and nothing is committed.  Afterwards their epoch is over. */
    void (*revoked)(void *context, const struct kafka_partition *partitions, size_t count, bool lost);
    /* The member is dead for good (fenced, …); close, free, and make a new one or stop.  May be NULL. */
    void (*failed)(void *context, const struct error *error);
    kafka_notice *notice; /* may be NULL */
};

struct kafka_consumer_settings {
    struct kafka_properties properties;
    const char *group;         /* group.id among the properties does not count */
    const char *const *topics; /* topics[lane]; at most KAFKA_LANES_MAX */
    size_t lanes;
    size_t memory; /* bytes of values fetched ahead for each lane; 0: 4 MiB */
};

#define KAFKA_LANES_MAX 16

/* Joins the group in the background.  STATUS_CONFIG on a property that librdkafka or we refuse. */
enum status kafka_consumer_new(struct event_base *base, const struct kafka_consumer_settings *settings,
                               const struct kafka_consumer_callbacks *callbacks,
                               struct kafka_consumer **consumer, struct error *error) WARN_UNUSED;

/* Whether the properties make a consumer; it joins nothing and goes again.  Topics are not looked at.
 * STATUS_CONFIG. */
enum status kafka_consumer_check(const struct kafka_consumer_settings *settings,
                                 struct error *error) WARN_UNUSED;

/* The record is done with: its offset may be stored.  False: the epoch is over or it was complete already: no
 * longer ours, nothing is stored. */
bool kafka_consumer_complete(struct kafka_consumer *consumer, struct kafka_reference reference);

/* Whether the reference's partition is still ours under the same epoch. */
bool kafka_consumer_owns(const struct kafka_consumer *consumer, struct kafka_reference reference);

/* Nothing is wanted of the lane for long: what was fetched ahead is dropped, and nothing is fetched, until
 * kafka_consumer_resume(); then it goes on where it was.  A lane that only rests keeps up to 4000 records,
 * and each keeps the whole answer of the broker that it came in, records of other lanes among them. */
void kafka_consumer_set_aside(struct kafka_consumer *consumer, size_t lane);

/* Whether the group has this member: it has an assignment (an empty one, where members outnumber partitions),
 * or is without one for no longer than a rebalance may take, and the group has not complained.  Else `why`,
 * one sentence. */
bool kafka_consumer_is_member(const struct kafka_consumer *consumer, char *why, size_t size);

/* There is room in the lane again: it is read from the next turn of the loop on.  Harmless when it never
 * rested. */
void kafka_consumer_resume(struct kafka_consumer *consumer, size_t lane);

struct kafka_lane_figures {
    size_t partitions;   /* assigned to us now */
    uint64_t lag;        /* records behind the end of the log, unfinished ones included; as far as fetched */
    uint64_t unfinished; /* given out and not complete */
    int64_t oldest_unfinished_s; /* timestamp of the oldest record that is not complete, seconds since 1970;
                                    -1: none */
    bool stalled;                /* rests because one partition has an unfinished record too far back */
};
struct kafka_lane_figures kafka_consumer_lane(const struct kafka_consumer *consumer, size_t lane);

/* Stops reading, revokes (callback), commits what is stored, leaves the group; then calls `closed` from the
 * loop with OK, or TIMEOUT at the deadline. */
typedef void kafka_closed(void *context, enum status status);
void kafka_consumer_close(struct kafka_consumer *consumer, int deadline_ms, kafka_closed *closed,
                          void *context);

/* After `closed`, or without a close where the process is about to die: then nothing is committed and the
 * group waits for the session timeout.  Blocks 2 seconds at most.  Records given out stay valid. */
void kafka_consumer_free(struct kafka_consumer **consumer);

#endif
