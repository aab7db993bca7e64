/* A problem is written in one place, whether evhttp sends it or a connection that evhttp must not see.
 *
 * Everything is `no-store`: answers are about one person's account.  Where memory fails the connection is
 * closed rather than half an answer sent. */
#include "producer/http_reply.h"

#include <stdio.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "core/json_bytes.h"

#define PROBLEM_TYPE "application/problem+json"
#define CHALLENGE    "Bearer realm=\"reset-relay\""

enum { PROBLEM_MOST = 8192, NUMBER_SIZE = 24 };

const char *http_status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

void http_problem_write(const struct http_problem *problem, struct buffer *out)
{
    buffer_append_string(out, "{\"type\":\"about:blank\",\"title\":");
    json_write_string(out, text_of(http_status_phrase(problem->status)));
    buffer_append_string(out, ",\"status\":");
    buffer_append_number(out, problem->status);
    json_write_member(out, ",", "detail", text_of(problem->detail));
    json_write_member(out, ",", "field", text_of(problem->field));
    json_write_member(out, ",", "reason", text_of(problem->reason));
    buffer_append_byte(out, '}');
}

static void write_header(struct buffer *out, const char *name, const char *value)
{
    buffer_append_string(out, name);
    buffer_append_string(out, ": ");
    buffer_append_string(out, value);
    buffer_append_string(out, "\r\n");
}

static void write_number_header(struct buffer *out, const char *name, size_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%zu", number);
    write_header(out, name, text);
}

void http_problem_response(const struct http_problem *problem, struct buffer *out)
{
    struct buffer body;
    buffer_init(&body, PROBLEM_MOST);
    http_problem_write(problem, &body);
    buffer_append_string(out, "HTTP/1.1 ");
    buffer_append_number(out, problem->status);
    buffer_append_byte(out, ' ');
    buffer_append_string(out, http_status_phrase(problem->status));
    buffer_append_string(out, "\r\n");
    write_header(out, "Content-Type", PROBLEM_TYPE);
    write_header(out, "Cache-Control", "no-store");
    write_header(out, "Connection", "close");
    if (problem->retry_after_s)
        write_number_header(out, "Retry-After", (size_t)problem->retry_after_s);
    write_number_header(out, "Content-Length", body.size);
    buffer_append_string(out, "\r\n");
    buffer_append_text(out, buffer_text(&body));
    out->failed = out->failed || body.failed;
    buffer_clear(&body);
}

static void send_reply(struct evhttp_request *request, int status, const char *type, struct text body,
                       bool close)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *content = evhttp_request_get_output_buffer(request);
    char size[NUMBER_SIZE];
    snprintf(size, sizeof size, "%zu", body.size);
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "Content-Length", size);
    if (close)
        evhttp_add_header(headers, "Connection", "close");
    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) /* evhttp 2.1.12 would send it */
        evbuffer_add(content, body.bytes, body.size);
    evhttp_send_reply(request, status, http_status_phrase(status), NULL);
}

void http_reply_json(struct evhttp_request *request, int status, struct text body, bool close)
{
    send_reply(request, status, "application/json", body, close);
}

void http_reply_empty(struct evhttp_request *request, int status, bool close)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    if (close)
        evhttp_add_header(headers, "Connection", "close");
    evhttp_send_reply(request, status, http_status_phrase(status), NULL);
}

void http_reply_problem(struct evhttp_request *request, const struct http_problem *problem, bool close)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char seconds[NUMBER_SIZE];
    struct buffer body;
    buffer_init(&body, PROBLEM_MOST);
    http_problem_write(problem, &body);
    snprintf(seconds, sizeof seconds, "%d", problem->retry_after_s);
    if (problem->retry_after_s)
        evhttp_add_header(headers, "Retry-After", seconds);
    if (problem->allow)
        evhttp_add_header(headers, "Allow", problem->allow);
    if (problem->challenge)
        evhttp_add_header(headers, "WWW-Authenticate", CHALLENGE);
    send_reply(request, problem->status, PROBLEM_TYPE, buffer_text(&body), close);
    buffer_clear(&body);
}
