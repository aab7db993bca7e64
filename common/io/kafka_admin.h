/* Kafka's Admin API for topics, one blocking question at a time; used by io/kafka_topics.h only. */
#ifndef IO_KAFKA_ADMIN_H
#define IO_KAFKA_ADMIN_H

#include <librdkafka/rdkafka.h>

#include "io/kafka_topics.h"

/* An open connection for questions.  Everything blocks until `by_ms` (monotonic) at the latest. */
struct kafka_admin {
    rd_kafka_t *handle;
    rd_kafka_queue_t *answers;
    int64_t by_ms;
    bool loopback_only; /* brokers that are advertised elsewhere are STATUS_CONFIG to kafka_admin_list */
};

/* Takes `conf`.  CONFIG when librdkafka refuses it. */
enum status kafka_admin_open(struct kafka_admin *admin, rd_kafka_conf_t *conf, int64_t by_ms,
                             struct error *error) WARN_UNUSED;
void kafka_admin_close(struct kafka_admin *admin);

/* Which of the plan's topics are there, with partitions and replicas; asks for all of the cluster's, because
 * asking for one by name may create it.  Fills state (MISSING, WRONG with the fault, or UNDESCRIBED) and
 * partitions. */
enum status kafka_admin_list(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                             struct kafka_topics_report *report, struct error *error) WARN_UNUSED;

/* Makes those whose state is MISSING; what fails is said in their fault.  Sets `admin_api`. */
void kafka_admin_create(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                        struct kafka_topics_report *report);

/* Compares the settings of those that are there.  Sets `admin_api`. */
void kafka_admin_describe(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                          struct kafka_topics_report *report);

#endif
