/* Messages that were given to librdkafka and have no answer yet, oldest deadline first. */
#ifndef IO_KAFKA_FLIGHT_H
#define IO_KAFKA_FLIGHT_H

#include "io/kafka_producer.h"

struct kafka_flight {
    struct kafka_flight *previous, *next;
    struct kafka_flights *list; /* that it stands in */
    void *carrier;              /* the handle that has it now; not owned */
    kafka_delivered *delivered; /* NULL: answered already, librdkafka's report is still to come */
    void *context;
    int64_t deadline_ms; /* monotonic */
};

struct kafka_flights {
    struct kafka_flight *first, *last;
    uint64_t count;
};

/* At the end of the list; NULL without memory. */
struct kafka_flight *kafka_flight_new(struct kafka_flights *list);
void kafka_flight_move(struct kafka_flight *flight, struct kafka_flights *list);
void kafka_flight_free(struct kafka_flight *flight);

/* Calls `delivered`, unless it was called before. */
void kafka_flight_answer(struct kafka_flight *flight, const struct kafka_delivery *delivery);

#endif
