/* What a job writes to Kafka, and the giving back of its record.  A step is over when all in-sync replicas
 * have the record; one that times out is written again: the same id or position makes a repeat harmless. */
#include <stdio.h>

#include <sodium.h>

#include "io/clock.h"
#include "io/log.h"
#include "worker/steps.h"

static enum progress trouble(struct job *job, const char *reason)
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
            return trouble(job, reason);
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
        return trouble(job, reason);
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
        job_answered(job, trouble(job, delivery->reason));
    }
}

static enum progress produce(struct job *job, const struct kafka_message *message)
{
    struct error error = {0};
    switch (kafka_producer_send(job->worker->producer, message, delivered, job, &error)) {
    case STATUS_OK:
        return PROGRESS_WAIT;
    case STATUS_INVALID:
        return refused(job, error.text);
    default:
        return trouble(job, error.text);
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
    return produce(job, &(struct kafka_message){
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

static void describe_request(const struct job *job, struct audit_record *audit)
{
    const struct reset_event *event = job->event;
    const struct request *request = &event->request;
    audit->request_id = text_of(event->id);
    audit->tenant = request->tenant;
    audit->user_id = request->user_id;
    audit->actor_role = request->actor_role;
    audit->actor_id = request->actor_id;
    audit->actor_tenant = request->actor_tenant;
    audit->has_method = true;
    audit->method = request->method;
    audit->has_asserted_by = true;
    audit->asserted_by = event->asserted_by;
    audit->traceparent = text_of(event->traceparent);
}

static void describe_ending(const struct job *job, struct audit_record *audit)
{
    const struct job_ending *ended = &job->ended;
    audit->generation = ended->generation;
    audit->copy = ended->copy;
    audit->attempt = ended->attempt;
    audit->smtp_code = (int)ended->reply_code;
    audit->smtp_enhanced = text_of(ended->enhanced);
    audit->maybe_mailed = ended->maybe_mailed;
    audit->rebuilt = ended->rebuilt;
    audit->into = text_of(ended->into);
}

static void describe(const struct job *job, struct audit_record *audit, char *mailbox, size_t mailbox_size)
{
    const struct worker *worker = job->worker;
    *audit = (struct audit_record){
        .time_ms = worker_now_ms(worker),
        .source = TEXT("/reset-relay/worker"),
        .outcome = job->outcome,
        .reason = job->reason,
        .detail = job->reason == REASON_POLICY ? job->detail : REASON_NONE,
        .publisher = text_of(job->publisher),
        .worker = text_of(worker->settings.name),
        .topic = text_of(job->record->topic),
        .partition = job->record->reference.partition,
        .offset = job->record->reference.offset,
    };
    if (job->event)
        describe_request(job, audit);
    if (job->mailbox_kid[0]) {
        sodium_bin2hex(mailbox, mailbox_size, job->mailbox, sizeof job->mailbox);
        audit->mailbox = text_of(mailbox);
        audit->mailbox_key = text_of(job->mailbox_kid);
    }
    if (job->from_record || job->outcome == OUTCOME_DEFERRED)
        describe_ending(job, audit);
}

static void identify(const struct job *job, char id[static AUDIT_ID_SIZE])
{
    const struct kafka_record *record = job->record;
    if (job->from_record || job->outcome == OUTCOME_DEFERRED)
        audit_id_of_request(job->outcome, text_of(job->event->id), job->ended.generation, job->ended.copy,
                            text_of(job->ended.incarnation), id);
    else
        audit_id_of_record(job->outcome, text_of(record->topic), record->reference.partition,
                           record->reference.offset, id);
}

static enum progress produce_audit(struct job *job, struct text key, struct text line)
{
    struct worker *worker = job->worker;
    if (!job->told) {
        audit_stream_write(worker->audit_lines, line);
        metrics_add(worker->metrics, METRIC_OUTCOMES,
                    LABELS(outcome_name(job->outcome), reason_name(job->reason)), 1);
        job->told = true;
    }
    struct kafka_header type = {.name = "content-type", .value = TEXT("application/cloudevents+json")};
    return produce(job, &(struct kafka_message){
                            .topic = worker->settings.topic_audit,
                            .key = key.size ? key : (struct text){0},
                            .value = line,
                            .headers = &type,
                            .header_count = 1,
                        });
}

enum progress step_audit(struct job *job)
{
    char id[AUDIT_ID_SIZE], mailbox[2 * TOKEN_MAILBOX_SIZE + 1];
    struct audit_record audit;
    describe(job, &audit, mailbox, sizeof mailbox);
    identify(job, id);
    audit.id = id;
    struct buffer line, key;
    buffer_init(&line, AUDIT_MAXIMUM_SIZE);
    buffer_init(&key, 1024);
    audit_encode(&audit, &line);
    if (job->event)
        request_key(&job->event->request, &key);
    enum progress progress = line.failed || key.failed
                                 ? trouble(job, "no memory for an audit record")
                                 : produce_audit(job, buffer_text(&key), buffer_text(&line));
    buffer_clear(&line);
    buffer_clear(&key);
    return progress;
}

enum progress step_complete(struct job *job)
{
    kafka_consumer_complete(job->worker->consumer, job->record->reference);
    if (*(job->plan + 1) == STEP_AWAIT)
        job->parked = true;
    return PROGRESS_NEXT;
}
