/* `reset-producer topics`: one line for each topic, and what to do. */
#include "producer/topics_command.h"

static const char *word_of(const struct kafka_topic_report *topic)
{
    switch (topic->state) {
    case KAFKA_TOPIC_GOOD:
        return topic->created ? "created" : "ok";
    case KAFKA_TOPIC_MISSING:
        return "missing";
    case KAFKA_TOPIC_WRONG:
        return "wrong";
    case KAFKA_TOPIC_UNDESCRIBED:
        break;
    }
    return topic->created ? "created" : "there";
}

static void print_topic(FILE *out, const struct kafka_topic_plan *plan,
                        const struct kafka_topic_report *topic)
{
    fprintf(out, "%-8s %-44s %3d partitions, kept %lld h", word_of(topic), plan->name,
            topic->state == KAFKA_TOPIC_MISSING ? plan->partitions : topic->partitions,
            (long long)(plan->retention_ms / 3600000));
    fprintf(out, "%s%s\n", topic->fault[0] ? ": " : "", topic->fault);
}

int topics_command(const struct kafka_properties *properties, const struct kafka_topics_plan *plan,
                   bool create, int deadline_ms, FILE *out, FILE *errors)
{
    struct kafka_topics_report report;
    struct error error = {0};
    size_t missing = 0, wrong = 0;
    enum status status = kafka_topics_examine(properties, plan, create, deadline_ms, &report, &error);
    if (status != STATUS_OK) {
        fprintf(errors, "%s\n", error.text);
        return status == STATUS_CONFIG ? 78 : 69;
    }
    for (size_t i = 0; i < plan->count; i++) {
        print_topic(out, &plan->topics[i], &report.topics[i]);
        missing += report.topics[i].state == KAFKA_TOPIC_MISSING;
        wrong += report.topics[i].state == KAFKA_TOPIC_WRONG;
    }
    if (!report.admin_api)
        fputs(
            "The broker has no Admin API (dev-broker makes its topics itself): settings are unknown here.\n",
            errors);
    if (missing > 0 && !create)
        fputs("Make the missing ones with: reset-producer topics --create\n", errors);
    if (wrong > 0)
        fputs("What is wrong is changed with Kafka's own tools (kafka-configs, kafka-topics), never from "
              "here.\n",
              errors);
    return missing + wrong > 0 ? 69 : 0;
}
