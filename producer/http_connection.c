/* One connection's life:
 *
 *   arrived   evhttp asked for a bufferevent; its descriptor and peer are looked at in the same turn of the
 *             loop, before any byte is read, and the connection is served or refused
 *   served    evhttp reads, answers, reads again; our callback on the input sees every byte first
 *   leaving   evhttp's callbacks are taken off the bufferevent, so it sees nothing more; our answer is
 *             written, our side is shut, what still comes is thrown away (closing with unread input would
 *             send a reset, and that could overtake the answer), until the peer closes or a deadline passes
 *
 * Who owns what: evhttp owns the bufferevent, we hold a second reference, so that it outlives evhttp's
 * connection until we let go.  evhttp says that a connection is gone by its close callback once it has served
 * a request; before that, bufferevent_free() has taken off all callbacks, which the sweep finds.  To end a
 * connection from here, evhttp is told by its own event callback that the peer has failed.  (libevent
 * 2.1.12.)
 *
 * A fault in bytes that came behind a request still under way waits for that request's answer.
 *
 * What all callers have sent and not heard an answer to is memory that nobody has authenticated for yet.
 * Above a bound of their sum a request goes on only while it is small, as nearly all are: so whoever sends
 * large ones and does not end them takes no memory from anybody, and no place from those who ask.
 *
 * While evhttp writes an answer it goes on reading, to learn of a close; so reading rests when more than a
 * whole request waits, or a peer that reads no answers could fill the memory. */
#include "producer/http_connection_state.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium.h>

#include "io/clock.h"
#include "io/metrics.h"
#include "producer/http_input.h"

enum { ANSWER_MOST = 4096, INPUT_MARGIN = 64 * 1024, SMALL_REQUEST = 8 * 1024, RETRY_AFTER_S = 1 };

void http_connection_count(struct http_connection *connection, size_t taken)
{
    connection->all->taken -= connection->taken;
    connection->all->taken += taken;
    connection->taken = taken;
}

/* Forgets the connection; the bufferevent goes with the last reference. */
void http_connection_forget(struct http_connection *connection)
{
    struct http_connections *all = connection->all;
    evbuffer_remove_cb_entry(bufferevent_get_input(connection->wire), connection->watch);
    if (connection->descriptor >= 0)
        all->by_descriptor[connection->descriptor] = NULL;
    if (connection->counted)
        address_counts_leave(all->addresses, connection->address);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        all->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    all->leaving -= connection->phase == HTTP_LEAVING;
    all->served -= connection->phase == HTTP_SERVED;
    all->open--;
    http_connection_count(connection, 0);
    metrics_set(all->metrics, METRIC_HTTP_CONNECTIONS, NO_LABELS, (double)all->open);
    bufferevent_decref(connection->wire);
    sodium_memzero(connection, sizeof *connection);
    free(connection);
    if (all->draining && all->open == 0)
        event_active(all->soon, EV_TIMEOUT, 0);
}

bool http_connection_is_orphan(const struct http_connection *connection)
{
    bufferevent_event_cb event = NULL;
    bufferevent_getcb(connection->wire, NULL, NULL, &event, NULL);
    return event == NULL;
}

/* evhttp frees its connection; a request under way loses its peer and is freed when it is answered. */
void http_connection_end(struct http_connection *connection)
{
    if (connection->phase != HTTP_LEAVING)
        bufferevent_getcb(connection->wire, NULL, NULL, &connection->evhttp_event,
                          &connection->evhttp_context);
    connection->ending = true;
    if (connection->evhttp_event)
        connection->evhttp_event(connection->wire, BEV_EVENT_ERROR | BEV_EVENT_READING,
                                 connection->evhttp_context);
    http_connection_forget(connection);
}

void http_connection_closed(struct evhttp_connection *evhttp, void *context)
{
    (void)evhttp;
    struct http_connection *connection = context;
    if (!connection->ending)
        http_connection_forget(connection);
}

static void on_leaving_written(struct bufferevent *wire, void *context)
{
    struct http_connection *connection = context;
    if (connection->peer_done)
        http_connection_end(connection);
    else
        shutdown(bufferevent_getfd(wire), SHUT_WR);
}

static void on_leaving_event(struct bufferevent *wire, short what, void *context)
{
    struct http_connection *connection = context;
    bool unwritten = evbuffer_get_length(bufferevent_get_output(wire)) > 0;
    if ((what & BEV_EVENT_EOF) && unwritten)
        connection->peer_done = true;
    else
        http_connection_end(connection);
}

/* Our own callback must not take this for input. */
static void trim(struct http_connection *connection, struct evbuffer *input, size_t size)
{
    connection->trimming = true;
    http_input_keep(input, size);
    connection->trimming = false;
}

/* Tells the problem and leaves; with nothing to tell it only leaves. */
void http_connection_leave(struct http_connection *connection)
{
    struct http_connections *all = connection->all;
    struct bufferevent *wire = connection->wire;
    struct buffer answer;
    assert(connection->phase != HTTP_LEAVING);
    connection->waits = false;
    bufferevent_getcb(wire, NULL, NULL, &connection->evhttp_event, &connection->evhttp_context);
    all->served -= connection->phase == HTTP_SERVED;
    all->leaving++;
    connection->phase = HTTP_LEAVING;
    connection->since_ms = all->now_ms;
    bufferevent_setcb(wire, NULL, on_leaving_written, on_leaving_event, connection);
    trim(connection, bufferevent_get_input(wire), 0);
    buffer_init(&answer, ANSWER_MOST);
    if (connection->has_problem)
        http_problem_response(&connection->problem, &answer);
    if (!answer.failed && answer.size)
        evbuffer_add(bufferevent_get_output(wire), answer.bytes, answer.size);
    buffer_clear(&answer);
    bufferevent_enable(wire, EV_READ | EV_WRITE);
}

void http_connection_refuse(struct http_connection *connection, const struct http_problem *problem,
                            const char *reason)
{
    metrics_add(connection->all->metrics, METRIC_HTTP_REFUSED, LABELS(reason), 1);
    connection->problem = *problem;
    connection->has_problem = true;
    if (connection->framing.requests > connection->answered)
        connection->waits = true;
    else
        http_connection_leave(connection);
}

static bool is_too_much(const struct http_connection *connection)
{
    const struct http_connections *all = connection->all;
    return all->taken > all->limits.bytes && connection->taken > SMALL_REQUEST;
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    struct http_connection *connection = context;
    if (info->n_added == 0 || connection->trimming)
        return;
    size_t old = evbuffer_get_length(input) - info->n_added;
    if (connection->phase == HTTP_LEAVING || connection->has_problem) {
        trim(connection, input, connection->phase == HTTP_LEAVING ? 0 : old);
        return;
    }
    bool was_within = http_framing_within(&connection->framing);
    unsigned long long requests = connection->framing.requests;
    size_t fit = http_input_examine(input, old, info->n_added, &connection->framing);
    if (!was_within || connection->framing.requests != requests)
        connection->since_ms = connection->all->now_ms;
    http_connection_count(connection, connection->taken + info->n_added);
    if (fit == info->n_added && is_too_much(connection)) {
        static const struct http_problem crowded = {
            .status = 503,
            .detail = "too much content is on its way: send less at once",
            .retry_after_s = RETRY_AFTER_S,
        };
        trim(connection, input, old);
        http_connection_refuse(connection, &crowded, "content");
        return;
    }
    if (fit == info->n_added)
        return;
    trim(connection, input, old + fit);
    const struct http_fault *fault = &connection->framing.fault;
    http_connection_refuse(connection,
                           &(struct http_problem){.status = fault->status, .detail = fault->detail},
                           fault->reason ? fault->reason : "memory");
}

bool http_connection_arrive(struct http_connections *all, struct bufferevent *wire)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (connection)
        connection->watch = evbuffer_add_cb(bufferevent_get_input(wire), on_input, connection);
    if (!connection || !connection->watch) {
        free(connection);
        return false;
    }
    connection->all = all;
    connection->wire = wire;
    connection->descriptor = -1;
    connection->since_ms = all->now_ms;
    connection->next = all->first;
    if (all->first)
        all->first->previous = connection;
    all->first = connection;
    all->open++;
    http_framing_init(&connection->framing, all->limits.request);
    bufferevent_incref(wire);
    const struct timeval write = clock_span(all->limits.total_ms);
    bufferevent_set_timeouts(wire, NULL, &write);
    bufferevent_setwatermark(wire, EV_READ, 0,
                             all->limits.request.header + all->limits.request.body + INPUT_MARGIN);
    metrics_set(all->metrics, METRIC_HTTP_CONNECTIONS, NO_LABELS, (double)all->open);
    return true;
}
