/* What the C code says, for tests that compare it with the schemas:
 *   decode_examples request|event|change|completed FILE...   a line per file: accept or refuse, the reason
 *                                                            and the field at fault
 *   decode_examples encode FILE...     a line per request file: the event made of it
 *   decode_examples announce FILE...   one or two lines per change file: the events made of it
 *   decode_examples audits             audit records, one a line
 *   decode_examples words              every outcome, reason and method, one a line
 * Exits 0 unless it cannot read or is called wrongly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/event.h"

static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static struct buffer read_file(const char *path)
{
    struct buffer bytes;
    buffer_init(&bytes, 4 * 1024 * 1024);
    FILE *file = fopen(path, "rb");
    size_t size = 1;
    while (file && size > 0) {
        char *end = buffer_reserve(&bytes, 4096);
        size = end ? fread(end, 1, 4096, file) : 0;
        buffer_grow_by(&bytes, size);
    }
    if (!file || ferror(file) || bytes.failed) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(66);
    }
    fclose(file);
    return bytes;
}

static void decode(const char *kind, const char *path)
{
    struct buffer bytes = read_file(path);
    struct request *request = NULL;
    struct password_change *change = NULL;
    struct reset_event *event = NULL;
    enum reason reason = REASON_NONE;
    struct error error = {0};
    enum status status = STATUS_OK;
    if (strcmp(kind, "request") == 0)
        status = request_decode(buffer_text(&bytes), &request, &reason, &error);
    else if (strcmp(kind, "change") == 0)
        status = password_change_decode(buffer_text(&bytes), &change, &reason, &error);
    else
        status = reset_event_decode(buffer_text(&bytes), &event, &reason, &error);
    printf("%s\t%s\t%s\t%s\n", status ? "refuse" : "accept", reason_name(reason), error.field, error.text);
    request_free(&request);
    password_change_free(&change);
    reset_event_free(&event);
    buffer_clear(&bytes);
}

static void print_event(const char *path, const struct request *request)
{
    struct buffer out;
    struct error error;
    const struct event_stamp stamp = {.id = "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7",
                                      .time_ms = 1763788200123,
                                      .source = TEXT("/reset-producer"),
                                      .traceparent = {trace, sizeof trace - 1},
                                      .asserted_by = {CHANNEL_HTTP, TEXT("k3fz9q"), true}};
    buffer_init(&out, EVENT_MAXIMUM_SIZE);
    if (reset_event_encode(request, &stamp, &out, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        exit(65);
    }
    printf("%.*s\n", (int)out.size, out.bytes);
    buffer_clear(&out);
}

static void refuse(const char *path, const struct error *error)
{
    fprintf(stderr, "%s: %s %s\n", path, error->field, error->text);
    exit(65);
}

static void encode(const char *path)
{
    struct buffer bytes = read_file(path);
    struct request *request = NULL;
    struct error error;
    if (request_decode(buffer_text(&bytes), &request, NULL, &error) != STATUS_OK)
        refuse(path, &error);
    print_event(path, request);
    request_free(&request);
    buffer_clear(&bytes);
}

static void announce(const char *path)
{
    struct buffer bytes = read_file(path);
    struct password_change *change = NULL;
    struct error error;
    if (password_change_decode(buffer_text(&bytes), &change, NULL, &error) != STATUS_OK)
        refuse(path, &error);
    print_event(path, &change->request);
    if (change->previous_email.size > 0) {
        const struct request previous = password_change_previous(change);
        print_event(path, &previous);
    }
    password_change_free(&change);
    buffer_clear(&bytes);
}

static void print_audit(const struct audit_record *record)
{
    struct buffer out;
    buffer_init(&out, AUDIT_MAXIMUM_SIZE);
    audit_encode(record, &out);
    if (out.failed)
        exit(70);
    printf("%.*s\n", (int)out.size, out.bytes);
    buffer_clear(&out);
}

static void print_audits(void)
{
    char id[AUDIT_ID_SIZE];
    audit_id_of_record(OUTCOME_DEAD, TEXT("password-reset.requested.v1"), 3, 4711, id);
    struct audit_record record = {.id = id, .time_ms = 1763788201004, .source = TEXT("/reset-worker")};
    record.outcome = OUTCOME_DEAD;
    record.reason = REASON_NOT_JSON;
    record.topic = TEXT("password-reset.requested.v1");
    record.partition = 3;
    record.offset = 4711;
    print_audit(&record);
    record.worker = TEXT("worker-1");
    record.request_id = record.into = record.completes = TEXT("0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7");
    record.tenant = TEXT("acme\xe2\x80\xae\"\\\n\x1b[31m");
    record.user_id = TEXT("ليلى 山田 \xff");
    record.actor_role = TEXT("admin");
    record.actor_id = TEXT("u-7");
    record.actor_tenant = TEXT("acme");
    record.has_method = record.has_asserted_by = record.maybe_mailed = record.rebuilt = true;
    record.asserted_by = (struct asserted_by){CHANNEL_CLI, TEXT("k3fz9q"), true};
    record.publisher = TEXT("intake");
    record.mailbox = TEXT("9f86d081884c7d659a2feaa0c55ad015");
    record.mailbox_key = TEXT("m1");
    record.generation = 1;
    record.copy = 2;
    record.attempt = 3;
    record.smtp_code = 451;
    record.smtp_enhanced = TEXT("4.7.1");
    record.traceparent = text_of(trace);
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
            record.outcome = (enum outcome)outcome;
            record.reason = (enum reason)reason;
            record.detail = reason == REASON_POLICY ? REASON_ACTOR_TENANT : REASON_NONE;
            record.method = (enum method)(reason % METHOD_COUNT);
            audit_id_of_request(record.outcome, record.request_id, 1, 2, TEXT("a1b2c3d4e5f60718"), id);
            if (outcome_has_reason(record.outcome, record.reason))
                print_audit(&record);
        }
    record.asserted_by = (struct asserted_by){.channel = CHANNEL_KAFKA};
    print_audit(&record);
}

static void print_words(void)
{
    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        printf("outcome\t%s\n", outcome_name((enum outcome)i));
    for (unsigned i = 0; i < REASON_COUNT; i++)
        printf("reason\t%s\n", reason_name((enum reason)i));
    for (unsigned i = 0; i < METHOD_COUNT; i++)
        printf("method\t%s\n", method_name((enum method)i));
}

static void print_words_or_audits(const char *mode)
{
    if (strcmp(mode, "audits") == 0)
        print_audits();
    else
        print_words();
}

int main(int count, char **arguments)
{
    static const char *const kinds[] = {"request", "event", "change", "completed"};
    const char *mode = count > 1 ? arguments[1] : "";
    bool decodes = false, encodes = strcmp(mode, "encode") == 0, announces = strcmp(mode, "announce") == 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        decodes = decodes || strcmp(mode, kinds[i]) == 0;
    if (strcmp(mode, "audits") == 0 || strcmp(mode, "words") == 0) {
        print_words_or_audits(mode);
        return 0;
    }
    if (!decodes && !encodes && !announces) {
        fprintf(stderr, "usage: decode_examples request|event|change|completed|encode|announce FILE... | "
                        "audits | words\n");
        return 64;
    }
    for (int i = 2; i < count; i++) {
        if (decodes)
            decode(mode, arguments[i]);
        else if (encodes)
            encode(arguments[i]);
        else
            announce(arguments[i]);
    }
    return 0;
}
