/* What the audit is told: one record for each outcome, on Kafka and as a line on stdout.  Its id follows from
 * what it tells, so that a repeat has the same one.
 *
 * An event that a password was changed has two: `completed`, under the request that led to the change where
 * that is the user's, which closes that request's story; and the outcome of the notice, under the event's own
 * id like any other. */
#include "core/hex.h"
#include "worker/steps.h"

enum { AUDIT_USUAL = 1024 }; /* what a record takes, so that its buffer is made once */

static void describe_request(const struct job *job, struct audit_record *audit)
{
    const struct reset_event *event = job->event;
    const struct request *request = &event->request;
    audit->request_id = text_of(event->id);
    audit_record_request(audit, request);
    audit->has_asserted_by = true;
    audit->asserted_by = event->asserted_by;
    audit->asserted_by.bulk = job_bulk_key(job).size > 0; /* what was believed, not what was stamped */
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
    audit->completes = text_of(ended->completes);
}

/* What is true of every record about this job. */
static struct audit_record describe(const struct job *job, enum outcome outcome, enum reason reason)
{
    const struct worker *worker = job->worker;
    struct audit_record audit = {
        .time_ms = worker_now_ms(worker),
        .source = TEXT("/reset-relay/worker"),
        .outcome = outcome,
        .reason = reason,
        .publisher = text_of(job->publisher),
        .worker = text_of(worker->settings.name),
        .topic = text_of(job->record->topic),
        .partition = job->record->reference.partition,
        .offset = job->record->reference.offset,
    };
    if (job->event)
        describe_request(job, &audit);
    return audit;
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

static enum progress produce_line(struct job *job, const struct audit_record *audit, bool *told,
                                  struct text key, struct text line)
{
    struct worker *worker = job->worker;
    if (!*told) {
        audit_stream_write(worker->audit_lines, line);
        metrics_add(worker->metrics, METRIC_OUTCOMES,
                    LABELS(outcome_name(audit->outcome), reason_name(audit->reason)), 1);
        *told = true;
    }
    struct kafka_header type = {.name = "content-type", .value = TEXT("application/cloudevents+json")};
    return job_produce(job, &(struct kafka_message){
                                .topic = worker->settings.topic_audit,
                                .key = key.size ? key : (struct text){0},
                                .value = line,
                                .headers = &type,
                                .header_count = 1,
                            });
}

/* `told`: it stands on stdout and is counted, so that a step tried again does neither twice. */
static enum progress produce(struct job *job, const struct audit_record *audit, bool *told)
{
    struct buffer line, key;
    buffer_init(&line, AUDIT_MAXIMUM_SIZE);
    buffer_init(&key, 1024);
    (void)buffer_prepare(&line, AUDIT_USUAL);
    audit_encode(audit, &line);
    if (job->event)
        request_key(&job->event->request, &key);
    enum progress progress = line.failed || key.failed
                                 ? job_kafka_trouble(job, "no memory for an audit record")
                                 : produce_line(job, audit, told, buffer_text(&key), buffer_text(&line));
    buffer_clear(&line);
    buffer_clear(&key);
    return progress;
}

enum progress step_audit(struct job *job)
{
    char id[AUDIT_ID_SIZE], mailbox[2 * TOKEN_MAILBOX_SIZE + 1];
    struct audit_record audit = describe(job, job->outcome, job->reason);
    if (job->reason == REASON_POLICY)
        audit.detail = job->detail;
    if (job->mailbox_kid[0]) {
        hex_encode(job->mailbox, sizeof job->mailbox, mailbox);
        audit.mailbox = text_of(mailbox);
        audit.mailbox_key = text_of(job->mailbox_kid);
    }
    if (job->from_record || job->outcome == OUTCOME_DEFERRED)
        describe_ending(job, &audit);
    identify(job, id);
    audit.id = id;
    return produce(job, &audit, &job->told);
}

/* A request that is another user's, or that nobody knows, gets nothing into its story. */
enum progress step_completion(struct job *job)
{
    char id[AUDIT_ID_SIZE];
    const char *named = job->event->request.completes, *known = job->ended.completes;
    bool unknown = named[0] && !known[0];
    struct audit_record audit =
        describe(job, OUTCOME_COMPLETED, unknown ? REASON_UNKNOWN_REQUEST : REASON_NONE);
    if (known[0])
        audit.request_id = text_of(known);
    else
        audit.completes = text_of(named);
    /* A notice to a second address closes the same story again. */
    audit_id_of_request(OUTCOME_COMPLETED, audit.request_id, 0, 0, (struct text){0}, id);
    audit.id = id;
    return produce(job, &audit, &job->completion_told);
}
