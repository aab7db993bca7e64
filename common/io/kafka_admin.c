/* Questions to the cluster that block, for command lines and helper threads.
 *
 * A broker without Admin API (librdkafka's mock cluster) does not refuse the request, it never answers:
 * CreateTopics and DescribeConfigs get a deadline of their own, and running into it is reported as "no Admin
 * API", not as an error. */
#include "io/kafka_admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/kafka_brokers.h"
#include "io/kafka_conf.h"
#include "io/kafka_queue.h"

#define UNPACKED "uncompressed"

enum { ADMIN_MS = 5000, DESTROY_MS = 2000 };

static int time_left(const struct kafka_admin *admin)
{
    int64_t left = admin->by_ms - clock_monotonic_ms();
    return left < 1 ? 1 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Appends one more fault to the topic's line, and makes it WRONG unless it is missing. */
static void __attribute__((format(printf, 2, 3)))
add_fault(struct kafka_topic_report *topic, const char *format, ...)
{
    size_t used = strlen(topic->fault);
    va_list arguments;
    if (used > 0 && used + 2 < sizeof topic->fault) {
        memcpy(topic->fault + used, "; ", 3);
        used += 2;
    }
    va_start(arguments, format);
    vsnprintf(topic->fault + used, sizeof topic->fault - used, format, arguments);
    va_end(arguments);
    if (topic->state != KAFKA_TOPIC_MISSING)
        topic->state = KAFKA_TOPIC_WRONG;
}

enum status kafka_admin_open(struct kafka_admin *admin, rd_kafka_conf_t *conf, int64_t by_ms,
                             struct error *error)
{
    *admin = (struct kafka_admin){.by_ms = by_ms};
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    enum status status = kafka_conf_handle(RD_KAFKA_PRODUCER, conf, &admin->handle, error);
    if (status == STATUS_OK)
        admin->answers = rd_kafka_queue_new(admin->handle);
    return status;
}

void kafka_admin_close(struct kafka_admin *admin)
{
    if (admin->answers)
        rd_kafka_queue_destroy(admin->answers);
    kafka_handle_destroy(&admin->handle, DESTROY_MS, false);
    admin->answers = NULL;
}

/* What librdkafka said last, e.g. "…: Connect to ipv4#127.0.0.1:9 failed: Connection refused": better than
 * "timed out". */
static enum status unreachable(struct kafka_admin *admin, rd_kafka_resp_err_t code, struct error *error)
{
    char reason[200] = "";
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(admin->handle);
    for (rd_kafka_event_t *event; (event = rd_kafka_queue_poll(main_queue, 0)) != NULL;
         rd_kafka_event_destroy(event))
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR &&
            rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
            snprintf(reason, sizeof reason, "%s", rd_kafka_event_error_string(event));
    rd_kafka_queue_destroy(main_queue);
    return error_set(error, STATUS_UNAVAILABLE, "Kafka does not answer: %s",
                     reason[0] ? reason : rd_kafka_err2str(code));
}

static void compare_shape(const struct rd_kafka_metadata_topic *there, const struct kafka_topic_plan *plan,
                          struct kafka_topic_report *topic)
{
    int replicas = there->partition_cnt > 0 ? INT32_MAX : 0;
    for (int i = 0; i < there->partition_cnt; i++)
        if (there->partitions[i].replica_cnt < replicas)
            replicas = there->partitions[i].replica_cnt;
    topic->state = KAFKA_TOPIC_UNDESCRIBED;
    topic->partitions = there->partition_cnt;
    if (there->err)
        add_fault(topic, "%s", rd_kafka_err2str(there->err));
    else if (there->partition_cnt < plan->partitions)
        add_fault(topic, "%d partitions, must be %d", there->partition_cnt, plan->partitions);
    if (!there->err && replicas < plan->replication)
        add_fault(topic, "replication %d, must be %d", replicas, plan->replication);
}

enum status kafka_admin_list(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                             struct kafka_topics_report *report, struct error *error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(admin->handle, 1, NULL, &metadata, time_left(admin));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return unreachable(admin, code, error);
    enum status status = admin->loopback_only ? kafka_brokers_check(metadata, error) : STATUS_OK;
    for (size_t i = 0; i < plan->count; i++) {
        struct kafka_topic_report *topic = &report->topics[i];
        *topic = (struct kafka_topic_report){.state = KAFKA_TOPIC_MISSING, .created = topic->created};
        for (int j = 0; j < metadata->topic_cnt; j++)
            if (strcmp(metadata->topics[j].topic, plan->topics[i].name) == 0 &&
                metadata->topics[j].err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
                compare_shape(&metadata->topics[j], &plan->topics[i], topic);
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}

static rd_kafka_AdminOptions_t *options_for(struct kafka_admin *admin, rd_kafka_admin_op_t what)
{
    char reason[128];
    int patience = time_left(admin) < ADMIN_MS ? time_left(admin) : ADMIN_MS;
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->handle, what);
    rd_kafka_AdminOptions_set_request_timeout(options, patience, reason, sizeof reason);
    if (what == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(options, patience, reason, sizeof reason);
    return options;
}

/* The answer, or NULL with the reason in every topic of `state`. */
static rd_kafka_event_t *answer_of(struct kafka_admin *admin, struct kafka_topics_report *report,
                                   size_t count, enum kafka_topic_state state)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->answers, ADMIN_MS + 1000);
    rd_kafka_resp_err_t code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    report->admin_api =
        code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    for (size_t i = 0; i < count; i++)
        if (report->topics[i].state == state && report->topics[i].fault[0] == '\0')
            snprintf(report->topics[i].fault, sizeof report->topics[i].fault, "%s",
                     report->admin_api ? rd_kafka_event_error_string(event) : "the broker has no Admin API");
    if (event)
        rd_kafka_event_destroy(event);
    return NULL;
}

static rd_kafka_NewTopic_t *new_topic(const struct kafka_topic_plan *plan)
{
    char reason[128], retention[24];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(plan->name, plan->partitions, plan->replication, reason, sizeof reason);
    snprintf(retention, sizeof retention, "%lld", (long long)plan->retention_ms);
    if (topic) {
        rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "delete");
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
        rd_kafka_NewTopic_set_config(topic, "retention.ms", retention);
        if (plan->unpacked)
            rd_kafka_NewTopic_set_config(topic, "compression.type", UNPACKED);
    }
    return topic;
}

static void take_created(const rd_kafka_topic_result_t *result, const struct kafka_topics_plan *plan,
                         struct kafka_topics_report *report)
{
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(result);
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->topics[i].name, rd_kafka_topic_result_name(result)) == 0) {
            report->topics[i].created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
            if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
                add_fault(&report->topics[i], "could not be created: %s",
                          rd_kafka_topic_result_error_string(result)
                              ? rd_kafka_topic_result_error_string(result)
                              : rd_kafka_err2str(code));
        }
}

void kafka_admin_create(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                        struct kafka_topics_report *report)
{
    rd_kafka_NewTopic_t *missing[KAFKA_TOPICS_MAX];
    size_t count = 0, results = 0;
    for (size_t i = 0; i < plan->count; i++)
        if (report->topics[i].state == KAFKA_TOPIC_MISSING &&
            (missing[count] = new_topic(&plan->topics[i])) != NULL)
            count++;
    if (count == 0)
        return;
    rd_kafka_AdminOptions_t *options = options_for(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->handle, missing, count, options, admin->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = answer_of(admin, report, plan->count, KAFKA_TOPIC_MISSING);
    if (event) {
        const rd_kafka_topic_result_t **list =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &results);
        for (size_t i = 0; i < results; i++)
            take_created(list[i], plan, report);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_NewTopic_destroy_array(missing, count);
}

static void compare_settings(const rd_kafka_ConfigResource_t *resource, const struct kafka_topic_plan *plan,
                             struct kafka_topic_report *topic)
{
    size_t count;
    char retention[24];
    snprintf(retention, sizeof retention, "%lld", (long long)plan->retention_ms);
    const struct {
        const char *name, *wanted;
    } settings_wanted[] = {{"message.timestamp.type", "LogAppendTime"},
                           {"cleanup.policy", "delete"},
                           {"retention.ms", retention},
                           {"compression.type", plan->unpacked ? UNPACKED : NULL}}; /* NULL: as you like */
    if (rd_kafka_ConfigResource_error(resource)) {
        snprintf(topic->fault, sizeof topic->fault, "settings unknown: %s",
                 rd_kafka_err2str(rd_kafka_ConfigResource_error(resource)));
        return;
    }
    if (topic->state == KAFKA_TOPIC_UNDESCRIBED)
        topic->state = KAFKA_TOPIC_GOOD;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof settings_wanted / sizeof *settings_wanted; j++) {
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), settings_wanted[j].name) != 0 ||
                !settings_wanted[j].wanted)
                continue;
            if (value == NULL || strcmp(value, settings_wanted[j].wanted) != 0)
                add_fault(topic, "%s is %s, must be %s", settings_wanted[j].name, value ? value : "unset",
                          settings_wanted[j].wanted);
            else if (j == 0)
                topic->log_append_time = true;
        }
}

void kafka_admin_describe(struct kafka_admin *admin, const struct kafka_topics_plan *plan,
                          struct kafka_topics_report *report)
{
    rd_kafka_ConfigResource_t *resources[KAFKA_TOPICS_MAX];
    size_t count = 0, results = 0;
    for (size_t i = 0; i < plan->count; i++)
        if (report->topics[i].state != KAFKA_TOPIC_MISSING)
            resources[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, plan->topics[i].name);
    if (count == 0)
        return;
    rd_kafka_AdminOptions_t *options = options_for(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(admin->handle, resources, count, options, admin->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = answer_of(admin, report, plan->count, KAFKA_TOPIC_UNDESCRIBED);
    if (event) {
        const rd_kafka_ConfigResource_t **list =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &results);
        for (size_t i = 0; i < results; i++)
            for (size_t j = 0; j < plan->count; j++)
                if (strcmp(plan->topics[j].name, rd_kafka_ConfigResource_name(list[i])) == 0)
                    compare_settings(list[i], &plan->topics[j], &report->topics[j]);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy_array(resources, count);
}
