/* A topic whose timestamps are the producers' lets a producer's clock decide what is superseded: not ready.
 * On loopback, where the embedded broker knows no such setting, a warning; so is anything else that is not as
 * planned.
 *
 * Whoever was well stays so while nobody answers: whether Kafka is there is asked elsewhere, and a look that
 * told nothing changes nothing. */
#include "worker/topic_watch.h"

#include <stdio.h>
#include <string.h>

#include "io/log.h"
#include "worker/worker.h"

#define AGAIN_MS INT64_C(300000)

void topic_watch_init(struct topic_watch *watch)
{
    *watch = (struct topic_watch){.fault = "not examined yet"};
}

bool topic_watch_due(struct topic_watch *watch, int64_t monotonic_ms)
{
    if (!watch->fault[0] && monotonic_ms - watch->looked_ms < AGAIN_MS)
        return false;
    watch->looked_ms = monotonic_ms;
    return true;
}

static void warn(const char *what, const char *name, const struct kafka_topic_report *topic)
{
    log_write(LOG_LEVEL_WARNING, what, LOG_TEXT("topic", name), LOG_TEXT("fault", topic->fault));
}

/* Writes no fault where the worker can run with the topic; `news`: it was not so at the last look. */
static void judge(const char *name, const struct kafka_topic_report *topic, bool loopback, bool news,
                  char *fault, size_t size)
{
    bool there = topic->state != KAFKA_TOPIC_MISSING;
    if (topic->state == KAFKA_TOPIC_GOOD || (topic->state == KAFKA_TOPIC_WRONG && topic->log_append_time)) {
        if (topic->state == KAFKA_TOPIC_WRONG && news)
            warn("a topic is not as planned", name, topic);
    } else if (loopback && there) {
        if (news)
            warn("a topic is not LogAppendTime: allowed on loopback only", name, topic);
    } else {
        snprintf(fault, size, "%s: %s", name,
                 topic->fault[0] ? topic->fault : "missing; `reset-producer topics --create` makes it");
    }
}

static void note_answer(struct topic_watch *watch, const struct worker_settings *values, bool loopback,
                        const struct kafka_topics_report *report)
{
    for (size_t i = 0; i <= values->tiers; i++) {
        const struct kafka_topic_report *before = &watch->seen.topics[i], *now = &report->topics[i];
        bool news = !watch->answered || before->state != now->state || strcmp(before->fault, now->fault) != 0;
        judge(values->topics[i], now, loopback, news, watch->fault, sizeof watch->fault);
    }
    watch->seen = *report;
    watch->answered = true;
}

/* Whether the look told what the topics' settings are. */
static bool tells(enum status status, const struct kafka_topics_report *report, size_t tiers)
{
    if (status != STATUS_OK)
        return status == STATUS_CONFIG;
    bool described = report->admin_api;
    for (size_t i = 0; i <= tiers; i++)
        described = described && report->topics[i].state != KAFKA_TOPIC_UNDESCRIBED;
    return described;
}

void topic_watch_note(struct topic_watch *watch, const struct worker_settings *values, bool loopback,
                      enum status status, const struct kafka_topics_report *report, const struct error *error)
{
    bool was_well = !watch->fault[0];
    if (was_well && !tells(status, report, values->tiers))
        return;
    watch->fault[0] = '\0';
    if (status == STATUS_OK)
        note_answer(watch, values, loopback, report);
    else
        snprintf(watch->fault, sizeof watch->fault, "%s", error->text);
    if (was_well && watch->fault[0])
        log_write(LOG_LEVEL_WARNING, "the topics are not fit for this worker",
                  LOG_TEXT("fault", watch->fault));
}
