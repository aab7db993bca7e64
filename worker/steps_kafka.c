/* What a job writes to Kafka, and the giving back of its record.  A step is over when all in-sync replicas
 * have the record; one that times out is written again: the same id or position makes a repeat harmless.
 * What audit records say stands in steps_audit.c. */
#include <stdio.h>

#include "worker/steps.h"

enum progress job_kafka_trouble(struct job *job, const char *reason)
{
    char why[400];
    snprintf(why, sizeof why, "%s: %s", step_name(job_step(job)), reason);
    return job_hold(job, DEPENDENCY_KAFKA, why);
}

/* Kafka refuses the record for what it is.  What it says may be given up, never that it is said: an audit
 * record, or a dead letter that is bare already, waits until somebody has mended the topic. */
static enum progress refused(struct job *job, const char *reason)
{
    switch (job_step(job)) {
    case STEP_DEAD_LETTER:
        if (job->bare_letter)
            return job_kafka_trouble(job, reason);
        job->bare_letter = true;
        return PROGRESS_AGAIN;
    case STEP_COPY:
        if (job->mail_state != MAIL_NONE) /* it was to be parked: it waits with its offset instead */
            return job_follow(job, plan_await);
        job->finish.result = FINISH_DEAD; /* what else it says of the attempt stays true */
        job->finish.reason = REASON_TOO_LARGE;
        snprintf(job->fault, sizeof job->fault, "Kafka takes no retry copy of this size");
        return job_follow(job, plan_dead);
    default:
        return job_kafka_trouble(job, reason);
    }
}

static void delivered(void *context, const struct kafka_delivery *delivery)
{
    struct job *job = context;
    if (delivery->status == STATUS_OK) {
        gate_success(job->worker->gates[DEPENDENCY_KAFKA]);
        job_answered(job, PROGRESS_NEXT);
    } else if (delivery->status == STATUS_INVALID) {
        job_answered(job, refused(job, delivery->reason));
    } else {
        job_answered(job, job_kafka_trouble(job, delivery->reason));
    }
}

enum progress job_produce(struct job *job, const struct kafka_message *message)
{
    struct error error = {0};
    switch (kafka_producer_send(job->worker->producer, message, delivered, job, &error)) {
    case STATUS_OK:
        return PROGRESS_WAIT;
    case STATUS_INVALID:
        return refused(job, error.text);
    default:
        return job_kafka_trouble(job, error.text);
    }
}

/* A bare letter has neither key, value nor the original's headers: its own say which record it stands for. */
static enum progress produce_copy(struct job *job, const char *topic, const struct retry_position *position,
                                  const struct retry_fault *fault)
{
    struct kafka_record original = *job->record;
    if (job->bare_letter) {
        original.key = original.value = (struct text){0};
        original.header_count = 0;
    }
    struct retry_copy copy;
    retry_copy_init(&copy, &original, position, fault);
    return job_produce(job, &(struct kafka_message){
                                .topic = topic,
                                .key = original.key,
                                .value = original.value,
                                .headers = copy.headers,
                                .header_count = copy.count,
                            });
}

enum progress step_copy(struct job *job)
{
    return produce_copy(job, job->worker->settings.topics[1 + job->copy_tier], &job->copy,
                        &(struct retry_fault){0});
}

enum progress step_dead_letter(struct job *job)
{
    struct retry_position position = job->position;
    if (job->from_record) {
        position.generation = job->ended.generation;
        position.copy = job->ended.copy;
        position.attempt = job->ended.attempt;
    }
    position.retry_at_ms = 0;
    position.reason = job->reason;
    return produce_copy(job, job->worker->settings.topic_dead_letter, &position,
                        &(struct retry_fault){.stage = reason_name(job->reason), .message = job->fault});
}

enum progress step_complete(struct job *job)
{
    kafka_consumer_complete(job->worker->consumer, job->record->reference);
    if (*(job->plan + 1) == STEP_AWAIT)
        job->parked = true;
    return PROGRESS_NEXT;
}
