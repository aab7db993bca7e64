/* What topics the relay needs, and whether they are so.
 *
 * Retention is how personal data leaves Kafka, and LogAppendTime is the only clock that decides orders and
 * expiry: both are compared, not assumed.  More partitions than planned are fine, fewer are not.
 *
 * What workers read is kept unpacked by the broker.  librdkafka unpacks a whole batch in memory, whatever
 * comes of it (of gzip even past receive.message.max.bytes), before anybody can look at a signature: a
 * megabyte that was packed from a gigabyte would end one worker after another. */
#include "io/kafka_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/kafka_admin.h"
#include "io/kafka_conf.h"
#include "io/offload.h"

#define HOURS_MS INT64_C(3600000)
#define DAYS_MS  (24 * HOURS_MS)

static enum status add(struct kafka_topics_plan *plan, const char *name, const char *suffix, const char *tier,
                       const struct kafka_topic_plan *shape, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (plan->count == KAFKA_TOPICS_MAX)
        return error_set(error, STATUS_INVALID, "too many retry tiers: at most %d topics in all",
                         KAFKA_TOPICS_MAX);
    struct kafka_topic_plan *topic = &plan->topics[plan->count];
    *topic = *shape;
    int size = snprintf(topic->name, sizeof topic->name, "%s%s%s", name, suffix, tier);
    if (size < 1 || (size_t)size >= sizeof topic->name || strspn(topic->name, allowed) != (size_t)size ||
        strcmp(topic->name, ".") == 0 || strcmp(topic->name, "..") == 0)
        return error_set(error, STATUS_INVALID,
                         "a topic's name is 1 to 249 letters, digits, dots, dashes or underscores: %s%s%s",
                         name, suffix, tier);
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->topics[i].name, topic->name) == 0)
            return error_set(error, STATUS_INVALID, "two topics have the same name: %s", topic->name);
    plan->count++;
    return STATUS_OK;
}

enum status kafka_topics_plan(const struct kafka_topic_names *names, int partitions, int replication,
                              struct kafka_topics_plan *plan, struct error *error)
{
    struct kafka_topic_plan shape = {.partitions = partitions, .replication = replication};
    const char *requested = names->requested ? names->requested : "password-reset.requested.v1";
    *plan = (struct kafka_topics_plan){0};
    shape.retention_ms = 48 * HOURS_MS;
    shape.unpacked = true;
    enum status status = add(plan, requested, "", "", &shape, error);
    for (size_t i = 0; i < names->retry_count && status == STATUS_OK; i++)
        status = add(plan, requested, ".retry.", names->retry[i], &shape, error);
    shape.retention_ms = 7 * DAYS_MS;
    shape.unpacked = false;
    if (status == STATUS_OK && names->dead_letter)
        status = add(plan, names->dead_letter, "", "", &shape, error);
    else if (status == STATUS_OK)
        status = add(plan, requested, ".dlq", "", &shape, error);
    shape.retention_ms = 400 * DAYS_MS;
    if (status == STATUS_OK)
        status = add(plan, names->audit ? names->audit : "password-reset.audit.v1", "", "", &shape, error);
    return status;
}

static bool created_are_listed(const struct kafka_topics_plan *plan, const struct kafka_topics_report *report)
{
    for (size_t i = 0; i < plan->count; i++)
        if (report->topics[i].created && report->topics[i].state == KAFKA_TOPIC_MISSING)
            return false;
    return true;
}

static enum status build_conf(const struct kafka_properties *properties, rd_kafka_conf_t **conf,
                              struct error *error)
{
    static const struct kafka_conf_item items[] = {
        {.name = "client.id", .value = "reset-relay"},
        {.name = "reconnect.backoff.ms", .value = "50"},
        {.name = "reconnect.backoff.max.ms", .value = "500"},
        {.name = NULL},
    };
    return kafka_conf_build(properties, items, conf, error);
}

/* Takes `conf`. */
static enum status examine(rd_kafka_conf_t *conf, bool loopback_only, const struct kafka_topics_plan *plan,
                           bool create, int deadline_ms, struct kafka_topics_report *report,
                           struct error *error)
{
    struct kafka_admin admin;
    int64_t by_ms = clock_monotonic_ms() + deadline_ms;
    *report = (struct kafka_topics_report){.admin_api = true};
    enum status status = kafka_admin_open(&admin, conf, by_ms, error);
    admin.loopback_only = loopback_only;
    if (status == STATUS_OK)
        status = kafka_admin_list(&admin, plan, report, error);
    if (status == STATUS_OK && create) {
        struct kafka_topics_report before;
        kafka_admin_create(&admin, plan, report);
        do { /* a topic that was made just now is listed a moment later */
            before = *report;
            status = kafka_admin_list(&admin, plan, report, error);
        } while (status == STATUS_OK && !created_are_listed(plan, report) && clock_monotonic_ms() < by_ms);
        for (size_t i = 0; i < plan->count && status == STATUS_OK; i++)
            if (report->topics[i].state == KAFKA_TOPIC_MISSING) /* why it could not be made */
                report->topics[i] = before.topics[i];
    }
    if (status == STATUS_OK && report->admin_api)
        kafka_admin_describe(&admin, plan, report);
    kafka_admin_close(&admin);
    return status;
}

enum status kafka_topics_examine(const struct kafka_properties *properties,
                                 const struct kafka_topics_plan *plan, bool create, int deadline_ms,
                                 struct kafka_topics_report *report, struct error *error)
{
    rd_kafka_conf_t *conf = NULL;
    enum status status = build_conf(properties, &conf, error);
    return status == STATUS_OK
               ? examine(conf, properties->loopback_only, plan, create, deadline_ms, report, error)
               : status;
}

struct kafka_topics_examination {
    struct offload *offload; /* owned while it runs */
    rd_kafka_conf_t *conf;   /* the thread's */
    bool loopback_only;
    struct kafka_topics_plan plan;
    int deadline_ms;
    kafka_topics_examined *examined;
    void *context;
    enum status status;
    struct kafka_topics_report report;
    struct error error;
};

static void run_examination(void *context)
{
    struct kafka_topics_examination *examination = context;
    examination->status = examine(examination->conf, examination->loopback_only, &examination->plan, false,
                                  examination->deadline_ms, &examination->report, &examination->error);
}

static void end_examination(void *context)
{
    struct kafka_topics_examination *examination = context;
    examination->examined(examination->context, examination->status, &examination->report,
                          &examination->error);
    free(examination);
}

enum status kafka_topics_examine_start(struct event_base *base, const struct kafka_properties *properties,
                                       const struct kafka_topics_plan *plan, int deadline_ms,
                                       kafka_topics_examined *examined, void *context,
                                       struct kafka_topics_examination **result, struct error *error)
{
    struct kafka_topics_examination *examination = calloc(1, sizeof *examination);
    if (examination == NULL)
        return error_set(error, STATUS_MEMORY, "no memory for a question to Kafka");
    examination->plan = *plan;
    examination->loopback_only = properties->loopback_only;
    examination->deadline_ms = deadline_ms;
    examination->examined = examined;
    examination->context = context;
    enum status status = build_conf(properties, &examination->conf, error);
    if (status == STATUS_OK) {
        status =
            offload_start(base, run_examination, end_examination, examination, &examination->offload, error);
        if (status != STATUS_OK)
            rd_kafka_conf_destroy(examination->conf);
    }
    if (status == STATUS_OK)
        *result = examination;
    else
        free(examination);
    return status;
}

void kafka_topics_examine_cancel(struct kafka_topics_examination **examination)
{
    if (*examination == NULL)
        return;
    offload_cancel(&(*examination)->offload);
    free(*examination);
    *examination = NULL;
}
