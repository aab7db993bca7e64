/* A producer of ours on the fixture, and what became of the messages it was given. */
#ifndef TESTS_UNIT_SUPPORT_KAFKA_SENDER_H
#define TESTS_UNIT_SUPPORT_KAFKA_SENDER_H

#include "io/kafka_producer.h"
#include "support/kafka_fixture.h"

struct kafka_answers {
    int count, ok;
    struct kafka_delivery last;
};

/* deadline_ms: 0: the usual one. */
struct kafka_producer *kafka_sender_open(struct kafka_fixture *fixture, int deadline_ms);

/* Sends to the topic "requested" with a key and two headers, which kafka_sender_read() looks for. */
enum status kafka_sender_send(struct kafka_producer *producer, struct text value,
                              struct kafka_answers *answers);

/* Reads the next record, which must be whole, and copies its value. */
void kafka_sender_read(rd_kafka_t *reader, char *value, size_t size);

/* The producer's callback; context: struct kafka_answers. */
void kafka_sender_answered(void *context, const struct kafka_delivery *delivery);

#endif
