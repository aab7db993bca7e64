/* Each connection is made the way the worker makes it, by the same code, on a loop of its own with a
 * deadline. */
#include "worker/check.h"

#include <stdio.h>

#include <gmime/gmime.h>

#include "worker/credentials.h"
#include "worker/mail_templates.h"
#include "worker/settings.h"

enum { KAFKA_DEADLINE_MS = 10000, DEADLINE_S = 30 };

struct check {
    struct event_base *base;
    int code;
    bool answered;
    struct error error;
};

static void say(struct check *check, const char *what, enum status status, const char *text)
{
    printf("%-10s %s%s%s\n", what, status == STATUS_OK ? "ok" : "FAILED", text[0] ? ": " : "", text);
    if (status == STATUS_CONFIG || status == STATUS_INVALID)
        check->code = PROCESS_EXIT_CONFIG;
    else if (status != STATUS_OK && check->code == PROCESS_EXIT_OK)
        check->code = PROCESS_EXIT_UNAVAILABLE;
}

static void answer(struct check *check, enum status status, const char *text)
{
    check->answered = true;
    error_set(&check->error, status, "%s", text);
    event_base_loopbreak(check->base);
}

/* Turns the loop until answered, at most for the deadline. */
static void wait_for_answer(struct check *check, const char *what)
{
    struct timeval deadline = {.tv_sec = DEADLINE_S};
    event_base_loopexit(check->base, &deadline);
    if (!check->answered)
        event_base_dispatch(check->base);
    if (check->answered)
        say(check, what, check->error.status, check->error.text);
    else
        say(check, what, STATUS_TIMEOUT, "no answer within 30 s");
    check->answered = false;
}

static void redis_ready(void *context)
{
    answer(context, STATUS_OK, "");
}

static void redis_down(void *context, enum redis_fault fault, const char *reason)
{
    bool configured_wrong =
        fault == REDIS_FAULT_PASSWORD || fault == REDIS_FAULT_PERMISSION || fault == REDIS_FAULT_EVICTS;
    answer(context, configured_wrong ? STATUS_CONFIG : STATUS_UNAVAILABLE, reason);
}

static void check_redis(struct check *check, const struct config *config)
{
    struct redis_options options;
    struct redis_events events = {.ready = redis_ready, .down = redis_down, .context = check};
    struct redis *redis = NULL;
    struct error error = {0};
    settings_redis(config, "reset-worker-check", &options);
    enum status status = redis_new(check->base, &options, &events, &redis, &error);
    if (status == STATUS_OK)
        wait_for_answer(check, "redis");
    else
        say(check, "redis", status, error.text);
    redis_free(&redis);
}

static void smtp_connected(void *context)
{
    answer(context, STATUS_OK, "");
}

static void smtp_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    answer(context, reason == SMTP_REASON_AUTH ? STATUS_CONFIG : STATUS_UNAVAILABLE, error->text);
}

static void check_smtp(struct check *check, const struct config *config)
{
    struct smtp_settings smtp;
    struct smtp_pool_observer observer = {
        .context = check, .connected = smtp_connected, .connect_failed = smtp_failed};
    struct smtp_pool *pool = NULL;
    struct error error = {0};
    settings_smtp(config, "", &smtp);
    enum status status = smtp_pool_new(check->base, &smtp, &observer, &pool, &error);
    if (status == STATUS_OK) {
        smtp_pool_connect(pool);
        wait_for_answer(check, "smtp");
    } else {
        say(check, "smtp", status, error.text);
    }
    smtp_pool_free(&pool);
}

static void check_kafka(struct check *check, const struct config *config)
{
    struct worker_settings values = {0};
    struct kafka_topics_plan plan;
    struct kafka_topics_report report;
    struct error error = {0};
    struct kafka_properties properties = settings_kafka(config);
    settings_read(config, &values);
    enum status status = settings_topics(&values, &plan, &error);
    if (status == STATUS_OK)
        status = kafka_topics_examine(&properties, &plan, false, KAFKA_DEADLINE_MS, &report, &error);
    say(check, "kafka", status, status == STATUS_OK ? "" : error.text);
    if (status != STATUS_OK)
        return;
    for (size_t i = 0; i < plan.count; i++) {
        const struct kafka_topic_report *topic = &report.topics[i];
        char text[512];
        snprintf(text, sizeof text, "%s%s%s", plan.topics[i].name, topic->fault[0] ? ": " : "", topic->fault);
        bool there = topic->state != KAFKA_TOPIC_MISSING &&
                     (topic->state != KAFKA_TOPIC_WRONG || topic->log_append_time);
        say(check, "topic", there ? STATUS_OK : STATUS_UNAVAILABLE, text);
    }
}

static void check_files(struct check *check, const struct config *config)
{
    struct worker worker = {.config = config};
    struct error error = {0};
    enum status status = credentials_load(&worker, &error);
    say(check, "keys", status, status == STATUS_OK ? "" : error.text);
    credentials_clear(&worker);
    error = (struct error){0};
    g_mime_init();
    struct template_set *templates = NULL;
    status = mail_templates_load(config_text(config, CONFIG_TEMPLATES_DIRECTORY), &templates, &error);
    say(check, "templates", status, status == STATUS_OK ? "" : error.text);
    template_set_free(&templates);
}

int check_command(const struct config *config)
{
    struct check check = {.base = event_base_new(), .code = PROCESS_EXIT_OK};
    if (!check.base)
        return PROCESS_EXIT_SOFTWARE;
    say(&check, "config", STATUS_OK, "");
    check_files(&check, config);
    check_redis(&check, config);
    check_kafka(&check, config);
    check_smtp(&check, config);
    event_base_free(check.base);
    return check.code;
}
