/* All connections of an intake: who may come in, who has been silent or slow for too long, and when the last
 * is gone.
 *
 * evhttp accepts, and tells neither descriptor nor peer; so arrivals are looked at by an event that is made
 * active at once and runs in the same turn of the loop, before any byte is read.  They stand at the head of
 * the list.  The sweep's period is how exact idle and total times are. */
#include "producer/http_connection_state.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/metrics.h"

enum {
    SWEEP_MS = 250,
    LINGER_MS = 2000,
    RETRY_AFTER_S = 5,
    REFUSED_MOST = 512 /* connections that hear why they are refused; the others just close */
};

static void look_at_peer(struct http_connection *connection)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    if (getpeername(connection->descriptor, (struct sockaddr *)&peer, &size) != 0)
        peer.ss_family = AF_UNSPEC;
    connection->address = address_key_of((struct sockaddr *)&peer);
}

static bool keep_descriptor(struct http_connections *all, struct http_connection *connection, int descriptor)
{
    size_t place = (size_t)descriptor;
    if (place >= all->descriptors) {
        size_t count = place + 1 < 256 ? 256 : 2 * (place + 1);
        struct http_connection **grown = realloc(all->by_descriptor, count * sizeof *grown);
        if (!grown)
            return false;
        for (size_t i = all->descriptors; i < count; i++)
            grown[i] = NULL;
        all->by_descriptor = grown;
        all->descriptors = count;
    }
    all->by_descriptor[place] = connection;
    connection->descriptor = descriptor;
    return true;
}

static void take_arrival(struct http_connection *connection)
{
    static const struct http_problem full = {
        .status = 503, .detail = "there are too many connections", .retry_after_s = RETRY_AFTER_S};
    struct http_connections *all = connection->all;
    int descriptor = bufferevent_getfd(connection->wire);
    if (descriptor < 0 || http_connection_is_orphan(connection)) {
        http_connection_forget(connection);
        return;
    }
    if (!keep_descriptor(all, connection, descriptor)) {
        http_connection_end(connection);
        return;
    }
    look_at_peer(connection);
    connection->phase = HTTP_SERVED;
    all->served++;
    bool fits = all->served <= all->limits.total && !all->draining;
    connection->counted =
        fits && address_counts_enter(all->addresses, connection->address, all->limits.per_address);
    if (connection->counted)
        return;
    if (all->leaving >= REFUSED_MOST)
        http_connection_end(connection);
    else
        http_connection_refuse(connection, &full, fits ? "connections_per_address" : "connections");
}

/* Whoever was gone before its first request is found here. */
static void collect(struct http_connections *all)
{
    struct http_connection *next;
    for (struct http_connection *connection = all->first; connection; connection = next) {
        next = connection->next;
        if (connection->phase == HTTP_SERVED && !connection->knows_close &&
            http_connection_is_orphan(connection))
            http_connection_forget(connection);
    }
}

static void on_soon(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct http_connections *all = context;
    struct http_connection *next;
    if (all->served >= all->limits.total)
        collect(all);
    for (struct http_connection *connection = all->first;
         connection && (connection->phase == HTTP_ARRIVED || all->told); connection = next) {
        next = connection->next;
        if (connection->phase == HTTP_ARRIVED)
            take_arrival(connection);
        else if (connection->waits && connection->framing.requests == connection->answered)
            http_connection_leave(connection);
    }
    all->told = false;
    if (all->draining && all->open == 0 && all->empty) {
        void (*empty)(void *) = all->empty;
        all->empty = NULL;
        empty(all->empty_context);
    }
}

static struct bufferevent *on_accept(struct event_base *base, void *context)
{
    struct http_connections *all = context;
    struct bufferevent *wire = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!wire || !http_connection_arrive(all, wire))
        return wire; /* unwatched; without a wire evhttp tries to make one, and fails likewise */
    event_active(all->soon, EV_TIMEOUT, 0);
    return wire;
}

static void sweep_one(struct http_connection *connection)
{
    static const struct http_problem slow = {.status = 408, .detail = "the request did not arrive in time"};
    const struct http_connections *all = connection->all;
    int64_t elapsed_ms = all->now_ms - connection->since_ms;
    bool busy = connection->framing.requests > connection->answered;
    if (connection->phase == HTTP_LEAVING) {
        if (elapsed_ms > LINGER_MS)
            http_connection_end(connection);
    } else if (http_connection_is_orphan(connection)) {
        http_connection_forget(connection);
    } else if (busy) {
        if (elapsed_ms > all->limits.answer_ms)
            http_connection_end(connection);
    } else if (http_framing_within(&connection->framing)) {
        if (elapsed_ms > all->limits.total_ms)
            http_connection_refuse(connection, &slow, "slow");
    } else if (elapsed_ms > all->limits.idle_ms || all->draining) {
        http_connection_end(connection);
    }
}

static void on_sweep(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct http_connections *all = context;
    struct http_connection *next;
    all->now_ms = clock_monotonic_ms();
    for (struct http_connection *connection = all->first; connection; connection = next) {
        next = connection->next;
        if (connection->phase != HTTP_ARRIVED)
            sweep_one(connection);
    }
}

static struct http_connection *find(const struct http_connections *all, struct evhttp_request *request)
{
    struct evhttp_connection *evhttp = evhttp_request_get_connection(request);
    int descriptor = evhttp ? bufferevent_getfd(evhttp_connection_get_bufferevent(evhttp)) : -1;
    if (descriptor < 0 || (size_t)descriptor >= all->descriptors)
        return NULL;
    return all->by_descriptor[descriptor];
}

/* The answer is written.  What waits for it follows when evhttp has let go of the request. */
static void on_answered(struct evhttp_request *request, void *context)
{
    (void)request;
    struct http_connection *connection = context;
    connection->answered++;
    http_connection_count(connection, evbuffer_get_length(bufferevent_get_input(connection->wire)));
    connection->since_ms = connection->all->now_ms;
    if (connection->waits) {
        connection->all->told = true;
        event_active(connection->all->soon, EV_TIMEOUT, 0);
    }
}

void http_connections_begin(struct http_connections *connections, struct evhttp_request *request)
{
    struct http_connection *connection = find(connections, request);
    if (!connection)
        return;
    evhttp_request_set_on_complete_cb(request, on_answered, connection);
    if (!connection->knows_close)
        evhttp_connection_set_closecb(evhttp_request_get_connection(request), http_connection_closed,
                                      connection);
    connection->knows_close = true;
}

bool http_connections_closes(struct http_connections *connections, struct evhttp_request *request)
{
    const struct http_connection *connection = find(connections, request);
    return connections->draining && connection && connection->framing.requests <= connection->answered + 1;
}

void http_connections_drain(struct http_connections *connections, void (*empty)(void *context), void *context)
{
    connections->draining = true;
    connections->empty = empty;
    connections->empty_context = context;
    on_sweep(-1, 0, connections);
    if (connections->open == 0)
        event_active(connections->soon, EV_TIMEOUT, 0);
}

size_t http_connections_open(const struct http_connections *connections)
{
    return connections->open;
}

enum status http_connections_new(struct event_base *base, struct evhttp *server,
                                 const struct http_connection_limits *limits, struct metrics *metrics,
                                 struct http_connections **connections, struct error *error)
{
    struct timeval interval = {.tv_usec = SWEEP_MS * 1000};
    struct http_connections *all = calloc(1, sizeof *all);
    if (!all)
        return error_set(error, STATUS_MEMORY, "no memory for connections");
    all->limits = *limits;
    all->metrics = metrics;
    all->now_ms = clock_monotonic_ms();
    all->addresses = address_counts_new();
    all->sweep = event_new(base, -1, EV_PERSIST, on_sweep, all);
    all->soon = event_new(base, -1, 0, on_soon, all);
    if (!all->addresses || !all->sweep || !all->soon || event_add(all->sweep, &interval) != 0) {
        http_connections_free(&all);
        return error_set(error, STATUS_MEMORY, "no memory for connections");
    }
    evhttp_set_bevcb(server, on_accept, all);
    *connections = all;
    return STATUS_OK;
}

void http_connections_free(struct http_connections **connections)
{
    struct http_connections *all = *connections;
    *connections = NULL;
    if (!all)
        return;
    all->draining = false;
    while (all->first)
        http_connection_forget(all->first);
    if (all->sweep)
        event_free(all->sweep);
    if (all->soon)
        event_free(all->soon);
    address_counts_free(&all->addresses);
    free(all->by_descriptor);
    free(all);
}
