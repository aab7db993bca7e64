/* The HTTP intake: everything that the process owns, in one place.  serve.c builds and tears down; routes.c
 * says what is answered by whom. */
#ifndef PRODUCER_SERVE_H
#define PRODUCER_SERVE_H

#include <event2/event.h>

#include "core/protocol/reset_store.h"
#include "io/admin_http.h"
#include "io/config_values.h"
#include "io/kafka_producer.h"
#include "io/metrics.h"
#include "io/process.h"
#include "producer/audit_trail.h"
#include "producer/credentials.h"
#include "producer/http_connection.h"
#include "producer/intake_limits.h"
#include "producer/kafka_clock.h"
#include "producer/publisher.h"
#include "producer/uncompleted.h"

struct free_memory;
struct http_listener;
struct password_stretcher;
struct redis_record_store;

struct serve {
    const struct config *config;
    struct config_policy policy;
    bool bind_address; /* token.bind_address */
    struct event_base *base;
    struct metrics *metrics;
    struct audit_stream *audit_lines;
    struct admin_http *admin;
    struct process_signals *signals;
    struct free_memory *free_memory;
    struct credentials *credentials;

    struct intake_limits *limits;
    struct kafka_producer *kafka;
    struct event_publisher *publisher;
    struct audit_trail *audit;
    struct kafka_clock kafka_clock;
    struct redis *redis; /* this and the next three: NULL without redis.url */
    struct redis_record_store *records;
    struct reset_store *store;
    struct password_stretcher *stretcher;
    struct uncompleted *uncompleted;

    struct evhttp *http;
    struct http_listener *listener; /* NULL while draining */
    struct http_connections *connections;
    struct event *health;
    bool draining, ended;                    /* ended: torn down; answers come, nothing goes on */
    char kafka_fault[320], redis_fault[320]; /* "" when well */
    uint64_t kafka_handles;                  /* seen so far */
    struct event *drain_end;
    int exit_code;
};

/* `reset-producer serve` until a signal ends it; an exit code of process.h. */
int serve_run(const struct config *config);

/* Takes note of every delivery report: the clocks, errors. */
void serve_note_delivery(struct serve *serve, const struct kafka_delivery *delivery);

/* Counts a record that Kafka did not take, by the class of the error. */
void serve_count_kafka_error(struct serve *serve, enum status status);

#endif
