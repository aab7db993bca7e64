/* A call is made for every request and ended by its answer.  It holds the keys it was authenticated with, so
 * that a reload in between does not pull them away. */
#include "producer/http_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sodium.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/log.h"

enum { RETRY_AFTER_S = 1, STATUS_SIZE = 16, IDEMPOTENCY_KEY_MOST = 255 };

static void take_headers(struct http_call *call)
{
    const struct {
        const char *name;
        struct text *value;
    } wanted[] = {{"Authorization", &call->authorization},
                  {"Content-Type", &call->content_type},
                  {"Content-Encoding", &call->content_encoding},
                  {"Idempotency-Key", &call->idempotency_key},
                  {"traceparent", &call->traceparent}};
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(call->request);
    for (const struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next)
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (strcasecmp(header->key, wanted[i].name) == 0) {
                call->repeated = call->repeated || wanted[i].value->bytes;
                *wanted[i].value = text_of(header->value);
            }
}

/* In place where evhttp has the body in one piece, as nearly always. */
static bool take_body(struct http_call *call)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(call->request);
    size_t size = evbuffer_get_length(input);
    struct evbuffer_iovec piece = {0};
    int pieces = evbuffer_peek(input, (ev_ssize_t)size, NULL, &piece, 1); /* with -1 it never says 2 */
    call->body = (struct text){size ? piece.iov_base : "", size};
    if (pieces <= 1)
        return true;
    char *room = buffer_reserve(&call->copy, size);
    if (!room || evbuffer_copyout(input, room, size) != (ev_ssize_t)size)
        return false;
    buffer_grow_by(&call->copy, size);
    call->body = buffer_text(&call->copy);
    return true;
}

struct http_call *http_call_new(struct serve *serve, struct evhttp_request *request)
{
    struct http_call *call = calloc(1, sizeof *call);
    if (call) {
        *call = (struct http_call){
            .serve = serve, .request = request, .route = "none", .begun_us = clock_monotonic_us()};
        buffer_init_secret(&call->copy, REQUEST_MAXIMUM_SIZE + 1024 * 1024);
        call->credentials = credentials_hold(serve->credentials);
        take_headers(call);
        if (!traceparent_is_valid(call->traceparent))
            call->traceparent = (struct text){NULL, 0};
        if (take_body(call))
            return call;
    }
    const struct http_problem problem = {
        .status = 503, .detail = "no memory", .retry_after_s = RETRY_AFTER_S};
    if (call)
        http_call_problem(&call, &problem);
    else
        http_reply_problem(request, &problem, true);
    return NULL;
}

void http_call_wipe(struct http_call *call)
{
    enum { PIECES = 64 };
    struct evbuffer *input = evhttp_request_get_input_buffer(call->request);
    struct evbuffer_iovec pieces[PIECES];
    int count = evbuffer_peek(input, -1, NULL, pieces, PIECES);
    for (int i = 0; i < count && i < PIECES; i++)
        sodium_memzero(pieces[i].iov_base, pieces[i].iov_len);
    evbuffer_drain(input, evbuffer_get_length(input));
    buffer_clear(&call->copy);
    call->body = (struct text){"", 0};
}

static bool begin_answer(struct http_call *call, int status)
{
    struct metrics *metrics = call->serve->metrics;
    char text[STATUS_SIZE];
    snprintf(text, sizeof text, "%d", status);
    (void)FAILPOINT("http.answer"); /* all is done and the caller does not know */
    http_call_wipe(call);
    metrics_add(metrics, METRIC_HTTP_REQUESTS, LABELS(call->route, text), 1);
    metrics_observe(metrics, METRIC_HTTP_REQUEST_SECONDS, LABELS(call->route),
                    (double)(clock_monotonic_us() - call->begun_us) / 1e6);
    return http_connections_closes(call->serve->connections, call->request);
}

static void end(struct http_call **call)
{
    credentials_release(&(*call)->credentials);
    buffer_clear(&(*call)->copy);
    free(*call);
    *call = NULL;
}

void http_call_json(struct http_call **call, int status, struct text body)
{
    bool close = begin_answer(*call, status);
    http_reply_json((*call)->request, status, body, close);
    end(call);
}

void http_call_problem(struct http_call **call, const struct http_problem *problem)
{
    bool close = begin_answer(*call, problem->status);
    http_reply_problem((*call)->request, problem, close);
    end(call);
}

void http_call_empty(struct http_call **call)
{
    enum { NO_CONTENT = 204 };
    bool close = begin_answer(*call, NO_CONTENT);
    http_reply_empty((*call)->request, NO_CONTENT, close);
    end(call);
}

void http_call_bad(struct http_call **call, const struct error *error)
{
    http_call_problem(call,
                      &(struct http_problem){.status = 400, .detail = error->text, .field = error->field});
}

void http_call_unavailable(struct http_call **call, const char *detail)
{
    http_call_problem(
        call, &(struct http_problem){.status = 503, .detail = detail, .retry_after_s = RETRY_AFTER_S});
}

enum status http_call_check_idempotency_key(const struct http_call *call, struct error *error)
{
    struct text key = call->idempotency_key;
    bool good = !key.bytes || (key.size > 0 && key.size <= IDEMPOTENCY_KEY_MOST);
    for (size_t i = 0; good && i < key.size; i++)
        good = key.bytes[i] > ' ' && key.bytes[i] < 0x7f;
    return good ? STATUS_OK
                : error_set(error, STATUS_INVALID,
                            "Idempotency-Key must have 1 to 255 visible ASCII characters");
}

static void on_denied_written(void *context, const struct kafka_delivery *delivery)
{
    struct serve *serve = context;
    serve_note_delivery(serve, delivery);
    if (delivery->status != STATUS_OK)
        log_write(LOG_LEVEL_ERROR, "an audit record of a denial is on stdout alone: Kafka has not taken it",
                  LOG_TEXT("status", status_name(delivery->status)));
}

void http_call_audit_denied(struct http_call *call, struct audit_record *record, enum reason reason)
{
    struct error error = {0};
    record->outcome = OUTCOME_DENIED;
    record->reason = reason;
    record->has_asserted_by = true;
    record->asserted_by = (struct asserted_by){.channel = CHANNEL_HTTP, .key_id = call->key->id};
    record->traceparent = call->traceparent;
    if (audit_trail_write(call->serve->audit, record, on_denied_written, call->serve, &error))
        log_write(LOG_LEVEL_ERROR, "an audit record of a denial is on stdout alone: Kafka has not taken it",
                  LOG_ERROR(&error));
}

void http_call_deny(struct http_call **call, struct audit_record *record, enum reason reason,
                    const char *detail)
{
    http_call_audit_denied(*call, record, reason);
    http_call_problem(call,
                      &(struct http_problem){.status = 403, .detail = detail, .reason = reason_name(reason)});
}

bool http_call_needs_scope(struct http_call **call, enum scope scope)
{
    char detail[80];
    if (grant_has_scope(&(*call)->key->grant, scope))
        return true;
    snprintf(detail, sizeof detail, "this key lacks the scope %s", scope_name(scope));
    http_call_deny(call, &(struct audit_record){0}, REASON_SCOPE, detail);
    return false;
}
