/* The record of a request in the store, told to whom it concerns: a key with the scope status that has the
 * request's tenant.  What is not theirs, not begun by a worker yet, or no id at all is the same 404.
 *
 * The states are those of the audit trail, and two for what is under way: sending, and deferred while the
 * next try is not due.  What comes back afterwards (redeemed, completed) stands above how the mail went. */
#include "producer/status_report.h"

#include <stdlib.h>

#include "core/json_bytes.h"
#include "core/protocol/request_status.h"
#include "core/timestamp.h"
#include "core/uuid.h"
#include "producer/http_call.h"

enum { ANSWER_MOST = 4096 };

struct question {
    struct http_call *call;
    char id[UUID_LENGTH + 1];
};

static void write_time(struct buffer *out, const char *name, int64_t time_ms)
{
    char time[TIMESTAMP_SIZE];
    if (time_ms == 0)
        return;
    timestamp_format(time_ms, time);
    json_write_member(out, ",", name, text_of(time));
}

static void write_reply(struct buffer *out, const struct request_record *record)
{
    if (record->reply_code == 0)
        return;
    buffer_append_string(out, ",\"reply_code\":");
    buffer_append_number(out, record->reply_code);
    json_write_member(out, ",", "reply_enhanced", record->enhanced);
}

void status_report_write(struct text request_id, const struct request_record *record, struct buffer *out)
{
    enum request_status state = request_status_of(record);
    json_write_member(out, "{", "id", request_id);
    json_write_member(out, ",", "state", text_of(request_status_name(state)));
    json_write_member(out, ",", "method", text_of(method_name(record->method)));
    if (record->reason != REASON_NONE)
        json_write_member(out, ",", "reason", text_of(reason_name(record->reason)));
    json_write_member(out, ",", "into", record->into);
    buffer_append_string(out, ",\"attempts\":");
    buffer_append_number(out, record->tries);
    write_time(out, "begun_at", record->begun_ms);
    write_time(out, "changed_at", record->changed_ms);
    write_time(out, "next_try_at", state == REQUEST_IS_DEFERRED ? record->due_ms : 0);
    write_time(out, "expires_at", state == REQUEST_IS_SENT ? record->expires_ms : 0);
    write_time(out, "redeemed_at", record->redeemed_ms);
    write_time(out, "completed_at", record->completed_ms);
    write_reply(out, record);
    buffer_append_byte(out, '}');
}

static void answer_none(struct question *question)
{
    http_call_problem(
        &question->call,
        &(struct http_problem){.status = 404,
                               .detail = "there is no such request, or no worker has begun it yet"});
    free(question);
}

static void on_status(void *context, const struct reset_answer *answer)
{
    struct question *question = context;
    const struct http_call *call = question->call;
    struct buffer body;
    if (answer->status != STATUS_OK || call->serve->ended) {
        http_call_unavailable(&question->call, "Redis does not answer: ask again");
        free(question);
        return;
    }
    if (answer->verdict != VERDICT_OK || !answer->request || answer->request->tenant.size == 0 ||
        !grant_has_tenant(&call->key->grant, answer->request->tenant)) {
        answer_none(question);
        return;
    }
    buffer_init(&body, ANSWER_MOST);
    status_report_write(text_of(question->id), answer->request, &body);
    if (body.failed)
        http_call_unavailable(&question->call, "no memory");
    else
        http_call_json(&question->call, 200, buffer_text(&body));
    buffer_clear(&body);
    free(question);
}

void status_report_handle(struct http_call *call)
{
    if (!http_call_needs_scope(&call, SCOPE_STATUS))
        return;
    struct question *question = calloc(1, sizeof *question);
    if (!question) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    question->call = call;
    if (uuid_read(call->argument, question->id))
        reset_store_status(call->serve->store, text_of(question->id), on_status, question);
    else
        answer_none(question);
}
