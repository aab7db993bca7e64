/* The topics that the relay needs: what they must be, what is there, what is wrong, and making the missing
 * ones. */
#ifndef IO_KAFKA_TOPICS_H
#define IO_KAFKA_TOPICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "io/kafka_properties.h"

struct event_base;

/* One topic as it must be.  cleanup.policy is delete and message.timestamp.type LogAppendTime for all. */
struct kafka_topic_plan {
    char name[250];
    int partitions;
    int replication;
    int64_t retention_ms;
    bool unpacked; /* compression.type uncompressed: the broker's limit of a batch is one of what it holds */
};

enum { KAFKA_TOPICS_MAX = 16 };

struct kafka_topics_plan {
    struct kafka_topic_plan topics[KAFKA_TOPICS_MAX];
    size_t count;
};

/* The names as configured; retry tiers as written there ("30s"), giving "<requested>.retry.30s". */
struct kafka_topic_names {
    const char *requested;   /* NULL: password-reset.requested.v1 */
    const char *audit;       /* NULL: password-reset.audit.v1 */
    const char *dead_letter; /* NULL: <requested>.dlq */
    const char *const *retry;
    size_t retry_count;
};

/* requested and retry 48 h, dead letters 7 days, audit 400 days.  INVALID: a name that Kafka refuses, or too
 * many tiers. */
enum status kafka_topics_plan(const struct kafka_topic_names *names, int partitions, int replication,
                              struct kafka_topics_plan *plan, struct error *error) WARN_UNUSED;

enum kafka_topic_state {
    KAFKA_TOPIC_GOOD,
    KAFKA_TOPIC_MISSING,
    KAFKA_TOPIC_WRONG,      /* there, and at least one thing is not as planned */
    KAFKA_TOPIC_UNDESCRIBED /* there, but the broker did not tell its settings */
};

struct kafka_topic_report {
    enum kafka_topic_state state;
    int partitions;       /* there now; 0 when missing */
    bool log_append_time; /* false also where undescribed */
    char fault[240];      /* what is wrong, or why it is undescribed; one line */
    bool created;         /* by this call */
};

struct kafka_topics_report {
    struct kafka_topic_report topics[KAFKA_TOPICS_MAX]; /* in the plan's order */
    bool admin_api;                                     /* false: the broker has none (dev-broker) */
};

/* Blocks up to `deadline_ms`: for command lines, never on a loop.  With `create` the missing ones are made.
 * OK says that the broker answered, not that all is good.  UNAVAILABLE: no broker; CONFIG: a broker is where
 * plaintext may not go, or a property is
 * refused. */
enum status kafka_topics_examine(const struct kafka_properties *properties,
                                 const struct kafka_topics_plan *plan, bool create, int deadline_ms,
                                 struct kafka_topics_report *report, struct error *error) WARN_UNUSED;

/* The same without create, on a helper thread; `examined` is called once, on the loop, and `*result`, which
 * is the caller's until then, is freed.  The plan is copied. */
struct kafka_topics_examination;
typedef void kafka_topics_examined(void *context, enum status status,
                                   const struct kafka_topics_report *report, const struct error *error);
enum status kafka_topics_examine_start(struct event_base *base, const struct kafka_properties *properties,
                                       const struct kafka_topics_plan *plan, int deadline_ms,
                                       kafka_topics_examined *examined, void *context,
                                       struct kafka_topics_examination **result,
                                       struct error *error) WARN_UNUSED;

/* Waits for the thread, up to its deadline; `examined` is not called. */
void kafka_topics_examine_cancel(struct kafka_topics_examination **examination);

#endif
