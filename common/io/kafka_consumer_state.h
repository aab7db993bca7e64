/* The inside of a consumer, for its files: kafka_consumer.c (life and figures), kafka_group.c (assignment,
 * storing, closing) and kafka_lane.c (reading). */
#ifndef IO_KAFKA_CONSUMER_STATE_H
#define IO_KAFKA_CONSUMER_STATE_H

#include <librdkafka/rdkafka.h>

#include "io/kafka_assignment.h"
#include "io/kafka_consumer.h"
#include "io/kafka_queue.h"

struct event;

struct kafka_lane {
    struct kafka_consumer *consumer;
    size_t number;
    char *topic;               /* owned */
    struct kafka_queue queue;  /* all partitions of the topic that are ours are forwarded here */
    struct kafka_record *held; /* could not be given out yet; owned */
    bool counted;              /* its offset is in the window already: the callee refused it */
    bool stalled;              /* held because its partition's window is full */
    rd_kafka_event_t *unread;  /* of a message that there was no memory to copy; owned */
    const rd_kafka_message_t *unread_message; /* in it */
    bool aside;                               /* nothing is fetched for it */
};

struct kafka_consumer {
    struct event_base *base;
    struct kafka_consumer_callbacks callbacks;
    rd_kafka_t *handle;          /* owned */
    struct kafka_queue group;    /* rebalances, errors, log lines */
    struct kafka_queue farewell; /* takes the place of `group` while closing */
    struct kafka_lane lanes[KAFKA_LANES_MAX];
    size_t lane_count;
    struct kafka_assignment assignment;
    struct kafka_partition *ids; /* as many; what callbacks are told of it; owned */
    struct event *store_timer, *tick_timer;
    kafka_closed *closed;
    void *closed_context;
    int64_t close_by_ms; /* monotonic */
    bool closing, left;
    bool member;                  /* there is an assignment, be it an empty one */
    int64_t outside_ms;           /* monotonic: since when there is none */
    char trouble[200];            /* what the group said meanwhile; "": nothing */
    bool fatal;                   /* the handle is dead for good, and that was told */
    rd_kafka_event_t *unassigned; /* an assignment that there was no memory for yet; owned */
};

/* Something came for the whole member; `context` is the consumer. */
void kafka_group_read(void *context);
void kafka_group_read_farewell(void *context);

/* Tries again to take over an assignment that there was no memory for. */
void kafka_group_look(struct kafka_consumer *consumer);
void kafka_group_drop_unassigned(struct kafka_consumer *consumer);

/* Hands the low marks to librdkafka, which commits them within a second, and before it gives partitions up.
 */
void kafka_group_store(struct kafka_consumer *consumer);

/* A lane's queue has something, or room came back; `context` is the lane. */
void kafka_lane_read(void *context);
void kafka_lane_drop_held(struct kafka_lane *lane);

void kafka_lane_set_aside(struct kafka_lane *lane);
void kafka_lane_take_up(struct kafka_lane *lane);

/* Tries again what is held. */
void kafka_lane_look(struct kafka_lane *lane);

void kafka_consumer_say(const struct kafka_consumer *consumer, int severity, const char *facility,
                        const char *text);

#endif
