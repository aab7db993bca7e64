/* What a record is, before anything is asked of anybody: its signature over the raw bytes first, so that
 * nothing unsigned reaches the JSON parser; then the event, its time, and whether its publisher and actor may
 * ask for it.  Whatever is wrong here ends in the dead letters; Redis never hears of it. */
#include <stdio.h>

#include "core/short_text.h"
#include "io/log.h"
#include "worker/steps.h"

enum { AHEAD_MOST_MS = 5 * 60 * 1000, AGE_MOST_MS = 24 * 60 * 60 * 1000 };

static enum progress forged(struct job *job, const char *why, const char *fault)
{
    metrics_add(job->worker->metrics, METRIC_SIGNATURE_FAILURES, LABELS(why), 1);
    return job_bury(job, REASON_SIGNATURE, fault);
}

static enum progress check_signature(struct job *job)
{
    struct text header;
    struct error error = {0};
    if (!kafka_record_header(job->record, SIGNATURE_HEADER, &header)) {
        if (job->worker->settings.accept_unsigned)
            return PROGRESS_NEXT;
        return forged(job, "missing", "there is no header " SIGNATURE_HEADER);
    }
    const struct publisher *publisher;
    switch (publishers_verify(job->worker->publishers, header, job->record->value, &publisher, &error)) {
    case STATUS_OK:
        short_text_keep(publisher->name, job->publisher, sizeof job->publisher);
        return PROGRESS_NEXT;
    case STATUS_INVALID:
        return forged(job, "malformed", error.text);
    default:
        return forged(job, "wrong", error.text);
    }
}

enum progress step_verify(struct job *job)
{
    const struct kafka_record *record = job->record;
    job->position = retry_position_of_original(record);
    struct error error = {0};
    if (job->lane != LANE_REQUESTED && retry_position_read(record, &job->position, &error))
        return job_bury(job, REASON_SCHEMA, error.text);
    if (record->value.size == 0)
        return job_bury(job, REASON_EMPTY, "the record has no value");
    if (record->value.size > EVENT_MAXIMUM_SIZE)
        return job_bury(job, REASON_TOO_LARGE, "the record is larger than any event");
    return check_signature(job);
}

static const struct grant *grant_of(const struct job *job)
{
    static const struct text everybody[] = {{"*", 1}};
    static const struct grant nothing = {0, everybody, 1};
    if (!job->publisher[0])
        return policy_unsigned_grant();
    const struct publisher *publisher = publishers_find(job->worker->publishers, text_of(job->publisher));
    return publisher ? &publisher->grant : &nothing; /* taken out of the file this very moment */
}

/* Forgotten at once, so that nothing that is counted or told later has it. */
static void forget_false_voucher(struct job *job)
{
    struct asserted_by *named = &job->event->asserted_by;
    job->false_voucher = !policy_believes_voucher(grant_of(job), text_of(job->publisher), named);
    if (job->false_voucher)
        *named = (struct asserted_by){.channel = CHANNEL_KAFKA};
}

enum progress step_decode(struct job *job)
{
    struct error error = {0};
    enum reason reason = REASON_NONE;
    switch (reset_event_decode(job->record->value, &job->event, &reason, &error)) {
    case STATUS_OK:
        forget_false_voucher(job);
        return PROGRESS_NEXT;
    case STATUS_INVALID:
        job_bury(job, reason, "");
        snprintf(job->fault, sizeof job->fault, "%s%s%s", error.field, error.field[0] ? ": " : "",
                 error.text);
        return PROGRESS_PLAN;
    default: /* no memory: later there may be some */
        log_write(LOG_LEVEL_ERROR, "no memory to read an event", LOG_ERROR(&error));
        return job_hold(job, DEPENDENCY_REDIS, error.text);
    }
}

static void identify_mailbox(struct job *job)
{
    const struct request *request = &job->event->request;
    if (!request->user_known)
        return;
    const struct keyring_key *key = keyring_current(job->worker->record_keys);
    token_mailbox(key, request->user_email, job->mailbox);
    short_text_keep(text_of(key->kid), job->mailbox_kid, sizeof job->mailbox_kid);
}

enum progress step_judge(struct job *job)
{
    identify_mailbox(job);
    if (job->event->request.name_unusable)
        metrics_add(job->worker->metrics, METRIC_NAMES_LEFT_OUT, NO_LABELS, 1);
    int64_t t0_ms = job->position.t0_ms;
    if (job->event->time_ms > t0_ms + AHEAD_MOST_MS)
        return job_bury(job, REASON_TIME,
                        "time is more than 5 minutes ahead of Kafka's timestamp of the record");
    if (job->event->time_ms < t0_ms - AGE_MOST_MS) {
        job->outcome = OUTCOME_EXPIRED;
        job->reason = REASON_TOO_OLD;
        return job_follow(job, plan_told);
    }
    job->detail = policy_decide(&job->worker->settings.policy.policy, grant_of(job), &job->event->request);
    if (job->detail != REASON_NONE)
        return job_bury(job, REASON_POLICY, policy_sentence(job->detail));
    if (!job->false_voucher)
        return PROGRESS_NEXT;
    job->detail = REASON_SCOPE;
    return job_bury(job, REASON_POLICY, POLICY_FALSE_VOUCHER);
}
