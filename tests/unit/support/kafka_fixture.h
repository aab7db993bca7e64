/* A Kafka in the test's own process (librdkafka's mock cluster) and an event loop with an end. */
#ifndef TESTS_UNIT_SUPPORT_KAFKA_FIXTURE_H
#define TESTS_UNIT_SUPPORT_KAFKA_FIXTURE_H

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>

#include "io/config.h"
#include "io/kafka_properties.h"

enum {
    KAFKA_API_PRODUCE = 0,
    KAFKA_API_OFFSET_COMMIT = 8,
    KAFKA_API_JOIN_GROUP = 11,
    KAFKA_API_HEARTBEAT = 12,
    KAFKA_API_INIT_PRODUCER_ID = 22
};

struct kafka_fixture {
    struct event_base *base;
    rd_kafka_t *host; /* carries the cluster */
    rd_kafka_mock_cluster_t *cluster;
    struct config_pair pairs[8];
    struct kafka_properties properties; /* pairs: bootstrap.servers and what the test added */
};

void kafka_fixture_open(struct kafka_fixture *fixture);
void kafka_fixture_close(struct kafka_fixture *fixture);
void kafka_fixture_topic(struct kafka_fixture *fixture, const char *topic, int partitions);
void kafka_fixture_property(struct kafka_fixture *fixture, const char *name, const char *value);

/* Turns the loop until `*seen` is at least `wanted`; fails the test when that takes 30 s. */
void kafka_fixture_until(struct kafka_fixture *fixture, const int *seen, int wanted);

/* Produces `count` records "0", "1", … to one partition with a client that is not ours. */
void kafka_fixture_fill(struct kafka_fixture *fixture, const char *topic, int partition, int count);

/* The offset that the group committed; -1: none. */
int64_t kafka_fixture_committed(struct kafka_fixture *fixture, const char *group, const char *topic,
                                int partition);

/* A client that is not ours, standing at an offset of a partition; the caller polls and destroys it. */
rd_kafka_t *kafka_fixture_reader(struct kafka_fixture *fixture, const char *topic, int partition,
                                 int64_t offset);

#endif
