/* The admin port on evhttp, sharing the loop: that /livez answers is the proof that the loop turns.
 *
 * Its readers are a kubelet and a Prometheus server on a private network, so it has small limits and no
 * authentication. Checks are collected anew for every request; nothing is cached, because collecting is cheap
 * and a stale "ready" is worse. */
#include "io/admin_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>

#include "core/json_bytes.h"
#include "io/metrics.h"

#define HEADER_LIMIT  8192
#define BODY_LIMIT    1024
#define TIMEOUT_S     10
#define READY_LIMIT   ((size_t)64 * 1024)
#define METRICS_LIMIT ((size_t)4 * 1024 * 1024)

struct admin_http {
    struct evhttp *server;
    struct metrics *metrics;
    struct admin_http_callbacks callbacks;
    uint16_t port;
};

struct admin_checks {
    json_t *list;
    bool ready;
};

void admin_checks_add(struct admin_checks *checks, const char *name, bool ok, const char *reason)
{
    json_t *check = json_pack("{s:s, s:b}", "name", name, "ok", ok);
    if (check && reason && *reason)
        json_object_set_new(check, "reason", json_string(reason));
    json_array_append_new(checks->list, check);
    checks->ready = checks->ready && ok;
}

static void reply(struct evhttp_request *request, int code, const char *reason, const char *type,
                  struct text body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    char size[24];
    snprintf(size, sizeof size, "%zu", body.size);
    evhttp_add_header(headers, "Content-Length", size);
    struct evbuffer *buffer = evbuffer_new();
    if (buffer && evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) /* evhttp 2.1.12 would send it */
        evbuffer_add(buffer, body.bytes, body.size);
    evhttp_send_reply(request, code, reason, buffer);
    if (buffer)
        evbuffer_free(buffer);
}

static void reply_text(struct evhttp_request *request, int code, const char *reason, struct text body)
{
    reply(request, code, reason, "text/plain; charset=utf-8", body);
}

static bool only_reads(struct evhttp_request *request)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(request);
    if (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD)
        return true;
    evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
    reply_text(request, 405, "Method Not Allowed", TEXT("only GET and HEAD\n"));
    return false;
}

static void on_live(struct evhttp_request *request, void *context)
{
    (void)context;
    if (only_reads(request))
        reply_text(request, HTTP_OK, "OK", TEXT("alive\n"));
}

/* Whoever asks frees the list; the metric says what they come to. */
static struct admin_checks check_all(struct admin_http *admin)
{
    struct admin_checks checks = {json_array(), true};
    if (admin->callbacks.ready)
        admin->callbacks.ready(admin->callbacks.context, &checks);
    metrics_set(admin->metrics, METRIC_READY, NO_LABELS, checks.ready);
    return checks;
}

static void on_ready(struct evhttp_request *request, void *context)
{
    struct admin_http *admin = context;
    if (!only_reads(request))
        return;
    struct admin_checks checks = check_all(admin);
    json_t *answer = json_pack("{s:b, s:o}", "ready", checks.ready, "checks", checks.list);
    struct buffer body;
    buffer_init(&body, READY_LIMIT);
    if (answer)
        json_write_tree(&body, answer, 0);
    json_decref(answer);
    if (checks.ready && answer && !body.failed)
        reply(request, HTTP_OK, "OK", "application/json", buffer_text(&body));
    else
        reply(request, HTTP_SERVUNAVAIL, "Service Unavailable", "application/json", buffer_text(&body));
    buffer_clear(&body);
}

static void on_metrics(struct evhttp_request *request, void *context)
{
    struct admin_http *admin = context;
    if (!only_reads(request))
        return;
    json_decref(check_all(admin).list);
    if (admin->callbacks.collect)
        admin->callbacks.collect(admin->callbacks.context);
    struct buffer out;
    buffer_init(&out, METRICS_LIMIT);
    metrics_render(admin->metrics, &out);
    if (out.failed)
        reply_text(request, HTTP_INTERNAL, "Internal Server Error", TEXT("no memory\n"));
    else
        reply(request, HTTP_OK, "OK", "text/plain; version=0.0.4; charset=utf-8", buffer_text(&out));
    buffer_clear(&out);
}

static void on_other(struct evhttp_request *request, void *context)
{
    (void)context;
    if (only_reads(request))
        reply_text(request, HTTP_NOTFOUND, "Not Found", TEXT("/livez, /readyz, /metrics\n"));
}

static uint16_t bound_port(const struct evhttp_bound_socket *bound)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(evhttp_bound_socket_get_fd((struct evhttp_bound_socket *)bound),
                    (struct sockaddr *)&address, &size) < 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static void set_up(struct admin_http *admin)
{
    evhttp_set_max_headers_size(admin->server, HEADER_LIMIT);
    evhttp_set_max_body_size(admin->server, BODY_LIMIT);
    evhttp_set_timeout(admin->server, TIMEOUT_S);
    evhttp_set_allowed_methods(admin->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                                  EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                                  EVHTTP_REQ_PATCH);
    evhttp_set_cb(admin->server, "/livez", on_live, admin);
    evhttp_set_cb(admin->server, "/readyz", on_ready, admin);
    evhttp_set_cb(admin->server, "/metrics", on_metrics, admin);
    evhttp_set_gencb(admin->server, on_other, admin);
}

enum status admin_http_new(struct event_base *base, const char *host, uint16_t port, struct metrics *metrics,
                           const struct admin_http_callbacks *callbacks, struct admin_http **admin,
                           struct error *error)
{
    struct admin_http *made = calloc(1, sizeof *made);
    if (!made || !(made->server = evhttp_new(base))) {
        free(made);
        return error_set(error, STATUS_MEMORY, "no memory for the admin port");
    }
    made->metrics = metrics;
    made->callbacks = *callbacks;
    set_up(made);
    errno = 0;
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(made->server, host, port);
    if (!bound) {
        int cause = errno;
        admin_http_free(&made);
        return error_set_field(error, STATUS_UNAVAILABLE, "admin.listen", "cannot listen on %s port %u: %s",
                               host, port, cause ? strerror(cause) : "no such address");
    }
    made->port = bound_port(bound);
    *admin = made;
    return STATUS_OK;
}

uint16_t admin_http_port(const struct admin_http *admin)
{
    return admin->port;
}

void admin_http_free(struct admin_http **admin)
{
    if (!*admin)
        return;
    evhttp_free((*admin)->server);
    free(*admin);
    *admin = NULL;
}
