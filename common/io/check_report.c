/* Each connection is made the way the program makes it, by the same code, on a loop of its own with a
 * deadline. */
#include "io/check_report.h"

#include <stdio.h>

#include <event2/event.h>

#include "io/config_values.h"
#include "io/kafka_producer.h"
#include "io/listen_probe.h"
#include "io/process.h"

enum { KAFKA_DEADLINE_MS = 10000, DEADLINE_S = 30 };

enum status check_report_open(struct check_report *report, struct error *error)
{
    *report = (struct check_report){.base = event_base_new()};
    return report->base ? STATUS_OK : error_set(error, STATUS_MEMORY, "no memory for an event loop");
}

void check_report_close(struct check_report *report)
{
    if (report->base)
        event_base_free(report->base);
    report->base = NULL;
}

void check_report_say(struct check_report *report, const char *what, enum status status, const char *text)
{
    printf("%-10s %s%s%s\n", what, status == STATUS_OK ? "ok" : "FAILED", text[0] ? ": " : "", text);
    fflush(stdout);
    if (status == STATUS_CONFIG || status == STATUS_INVALID)
        report->code = PROCESS_EXIT_CONFIG;
    else if (status != STATUS_OK && report->code == PROCESS_EXIT_OK)
        report->code = PROCESS_EXIT_UNAVAILABLE;
}

void check_report_warn(struct check_report *report, const char *what, const char *text)
{
    (void)report;
    printf("%-10s warning: %s\n", what, text);
    fflush(stdout);
}

void check_report_answer(struct check_report *report, enum status status, const char *text)
{
    if (report->answered)
        return;
    report->answered = true;
    error_set(&report->answer, status, "%s", text);
    event_base_loopbreak(report->base);
}

static void on_deadline(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    check_report_answer(context, STATUS_TIMEOUT, "no answer within 30 s");
}

void check_report_wait(struct check_report *report, const char *what)
{
    static const struct timeval deadline = {.tv_sec = DEADLINE_S};
    struct event *timer = event_new(report->base, -1, 0, on_deadline, report);
    if (timer && event_add(timer, &deadline) == 0 && !report->answered)
        event_base_dispatch(report->base);
    if (!report->answered)
        check_report_answer(report, STATUS_MEMORY, "no memory to wait for an answer");
    if (timer)
        event_free(timer);
    check_report_say(report, what, report->answer.status, report->answer.text);
    report->answered = false;
}

static void redis_ready(void *context)
{
    check_report_answer(context, STATUS_OK, "");
}

static void redis_down(void *context, enum redis_fault fault, const char *reason)
{
    bool configured_wrong =
        fault == REDIS_FAULT_PASSWORD || fault == REDIS_FAULT_PERMISSION || fault == REDIS_FAULT_EVICTS;
    check_report_answer(context, configured_wrong ? STATUS_CONFIG : STATUS_UNAVAILABLE, reason);
}

void check_report_redis(struct check_report *report, const struct config *config, const char *client_name)
{
    struct redis_options options;
    const struct redis_events events = {.ready = redis_ready, .down = redis_down, .context = report};
    struct redis *redis = NULL;
    struct error error = {0};
    config_read_redis(config, client_name, &options);
    enum status status = redis_new(report->base, &options, &events, &redis, &error);
    if (status == STATUS_OK)
        check_report_wait(report, "redis");
    else
        check_report_say(report, "redis", status, error.text);
    redis_free(&redis);
}

void check_report_listen(struct check_report *report, const struct config *config, enum config_key key)
{
    char text[sizeof((struct error *)0)->text + 64];
    struct error error = {0};
    enum status status = listen_probe(config_address(config, key), key == CONFIG_HTTP_LISTEN, &error);
    snprintf(text, sizeof text, "%s.%s%s%s", settings[key].section, settings[key].key,
             status == STATUS_OK ? "" : " ", error.text);
    if (status == STATUS_CONFLICT)
        check_report_warn(report, "listen", text);
    else
        check_report_say(report, "listen", status, text);
}

/* Fewer partitions or replicas than planned are warned of; what the relay cannot run with is a topic that is
 * not there, or whose timestamps are the producers'.  A broker without Admin API tells neither. */
static void say_topic(struct check_report *report, const char *name, const struct kafka_topic_report *topic,
                      bool described)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", name, topic->fault[0] ? ": " : "", topic->fault);
    bool usable = topic->state != KAFKA_TOPIC_MISSING &&
                  (topic->state != KAFKA_TOPIC_WRONG || topic->log_append_time || !described);
    if (usable && topic->state == KAFKA_TOPIC_WRONG)
        check_report_warn(report, "topic", text);
    else
        check_report_say(report, "topic", usable ? STATUS_OK : STATUS_UNAVAILABLE, text);
}

/* Nothing is sent: the handle is made as the programs make it, and goes. */
static enum status make_producer(struct check_report *report, const struct kafka_properties *properties,
                                 struct error *error)
{
    struct kafka_producer *producer = NULL;
    const struct kafka_producer_settings values = {.properties = *properties};
    enum status status = kafka_producer_new(report->base, &values, &producer, error);
    kafka_producer_free(&producer);
    return status;
}

void check_report_kafka(struct check_report *report, const struct config *config,
                        const struct kafka_topics_plan *plan)
{
    struct kafka_topics_report topics;
    struct error error = {0};
    const struct kafka_properties properties = config_kafka_properties(config);
    enum status status = make_producer(report, &properties, &error);
    if (status == STATUS_OK)
        status = kafka_topics_examine(&properties, plan, false, KAFKA_DEADLINE_MS, &topics, &error);
    check_report_say(report, "kafka", status, status == STATUS_OK ? "" : error.text);
    for (size_t i = 0; status == STATUS_OK && i < plan->count; i++)
        say_topic(report, plan->topics[i].name, &topics.topics[i], topics.admin_api);
}
