/* The worker process: everything it owns, in one place.  worker.c builds and tears down; intake.c decides
 * what is read; the steps of pipeline.h work on one event each. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <event2/event.h>

#include "core/keyring.h"
#include "core/mail/message.h"
#include "core/protocol/reset_store.h"
#include "core/publishers.h"
#include "io/admin_http.h"
#include "io/audit_stream.h"
#include "io/config.h"
#include "io/config_values.h"
#include "io/kafka_consumer.h"
#include "io/kafka_producer.h"
#include "io/metrics.h"
#include "io/process.h"
#include "io/random_stock.h"
#include "io/redis.h"
#include "io/retry_copy.h"
#include "io/time_zones.h"
#include "worker/due_queue.h"
#include "worker/gate.h"
#include "worker/smtp/pool.h"
#include "worker/topic_watch.h"

struct free_memory;
struct job;
struct redis_record_store;

enum { WORKER_TIERS_MOST = KAFKA_LANES_MAX - 1, LANE_REQUESTED = 0 };

/* What an event may have to wait for. */
enum dependency { DEPENDENCY_REDIS, DEPENDENCY_SMTP, DEPENDENCY_KAFKA, DEPENDENCY_COUNT };

struct worker_settings {
    const char *topic_audit, *topic_dead_letter;
    char topics[KAFKA_LANES_MAX][RETRY_TOPIC_SIZE]; /* by lane: requested, then the retry tiers */
    int64_t tiers_ms[WORKER_TIERS_MOST];
    const char *const *tier_names; /* as configured: "30s" */
    unsigned tiers;
    size_t concurrency;                /* events under way */
    int64_t drain_ms, dot_ms, park_ms; /* park_ms: how long an event may hold its offset at the dot */
    bool accept_unsigned;
    char name[128]; /* of this process, for audit records */
    struct config_policy policy;
};

struct worker {
    const struct config *config;
    struct worker_settings settings;
    struct event_base *base;
    struct metrics *metrics;
    struct audit_stream *audit_lines;
    struct admin_http *admin;
    struct process_signals *signals;
    struct free_memory *free_memory;

    struct keyring *token_keys, *record_keys;
    struct publishers *publishers;
    struct link_pattern link;
    struct template_set *templates;
    struct mail_profile *profile;
    struct branding_set *brandings; /* NULL: all tenants look alike */
    struct time_zones *zones;
    struct random_stock randomness; /* for leases */

    struct redis *redis;
    struct redis_record_store *records;
    struct reset_store *store;
    bool store_started; /* `born` is known: begin may tell a loss */
    struct kafka_producer *producer;
    struct kafka_consumer *consumer;
    struct smtp_pool *smtp;
    struct gate *gates[DEPENDENCY_COUNT];

    struct job *jobs;                       /* all under way */
    size_t job_count, job_bytes;            /* and what their records take */
    struct due_queue *due[KAFKA_LANES_MAX]; /* by lane; none for the requested one */
    bool resting[KAFKA_LANES_MAX];          /* the lane was told that there is no room */
    struct event *tick;
    bool ended;                              /* torn down: answers come, nothing goes on */
    bool draining, drain_over;               /* nothing new is taken; and: the time to end is over */
    bool closing, closed;                    /* the consumer leaves the group, has left it */
    int64_t drain_until_ms, drain_margin_ms; /* monotonic */
    struct event *health;                    /* asks Kafka now and then */
    struct topic_watch topics;
    struct kafka_topics_examination *examination; /* owned while its topics are looked at, else NULL */
    uint64_t kafka_handles;                       /* of its producer, counted so far */
    char kafka_fault[512], redis_fault[512];      /* "" when well */
    int exit_code;
};

/* Milliseconds by Redis's clock, or by our own until Redis was seen. */
int64_t worker_now_ms(const struct worker *worker);

/* `reset-worker run` until a signal ends it; an exit code of process.h. */
int worker_run(const struct config *config);

#endif
