/* The inside of a producer, for its two files: kafka_producer.c (messages in, deadlines) and kafka_renewal.c
 * (reports, fatal errors). */
#ifndef IO_KAFKA_PRODUCER_STATE_H
#define IO_KAFKA_PRODUCER_STATE_H

#include <event2/event.h>

#include "io/kafka_carrier.h"
#include "io/kafka_producer.h"

struct kafka_probe;

struct kafka_producer {
    struct event_base *base;
    rd_kafka_conf_t *template;     /* owned */
    struct kafka_carrier *carrier; /* owned; takes messages */
    struct kafka_carrier *old;     /* owned; a list */
    struct kafka_flights waiting;  /* by deadline */
    struct kafka_flights silent;   /* answered; librdkafka still has them */
    struct event *deadline_timer, *renewal_timer, *drain_timer;
    struct kafka_probe *probe;
    struct kafka_carrier *probed; /* the one that the probe uses */
    kafka_drained *drained;
    void *drained_context;
    struct kafka_producer_figures figures;
    uint64_t limit; /* messages in flight */
    int deadline_ms;
    int renewal_ms; /* the next handle is not made earlier than this after the last */
    bool loopback_only;
    bool closing; /* nothing is sent any more */
    kafka_notice *notice;
    void *notice_context;
};

/* A carrier's queue has something; `context` is the carrier. */
void kafka_renewal_read(void *context);

/* The renewal timer's callback; `context` is the producer. */
void kafka_renewal_tick(evutil_socket_t descriptor, short what, void *context);

/* True: the producer's carrier lives, perhaps because it was made just now. */
bool kafka_renewal_ready(struct kafka_producer *producer);

/* Looks whether the carrier had a fatal error, and renews it then. */
void kafka_renewal_check(struct kafka_carrier *carrier);

void kafka_producer_arm(struct event *timer, int64_t delay_ms);

#endif
