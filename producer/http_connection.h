/* The connections of the intake: evhttp serves them, and this watches over each.
 *
 * It sees the raw bytes before evhttp does and refuses what core/http/framing.h finds unfit; it counts
 * connections in total and per address; it ends those that are idle, or too slow with a request.  Whatever it
 * refuses is told as problem+json, and the connection closes without a reset. */
#ifndef PRODUCER_HTTP_CONNECTION_H
#define PRODUCER_HTTP_CONNECTION_H

#include <stdint.h>

#include "core/http/framing.h"
#include "core/status.h"

struct event_base;
struct evhttp;
struct evhttp_request;
struct metrics;
struct http_connections;

struct http_connection_limits {
    struct http_limits request;
    size_t total, per_address;
    size_t bytes;      /* of requests without an answer, all together: above it only small ones are taken */
    int64_t idle_ms;   /* between two requests */
    int64_t total_ms;  /* from a request's first byte to its last; and for a peer to take its answer */
    int64_t answer_ms; /* beyond it something is wrong with us: a request without answer loses its peer */
};

/* Takes over `server`'s evhttp_set_bevcb; `server` must be freed before this is, `metrics` after. */
enum status http_connections_new(struct event_base *base, struct evhttp *server,
                                 const struct http_connection_limits *limits, struct metrics *metrics,
                                 struct http_connections **connections, struct error *error) WARN_UNUSED;
void http_connections_free(struct http_connections **connections);

/* First thing with each request that evhttp hands out. */
void http_connections_begin(struct http_connections *connections, struct evhttp_request *request);

/* Asked when the request is answered: whether the connection must close after it. */
bool http_connections_closes(struct http_connections *connections, struct evhttp_request *request);

/* From now on connections close as soon as they have no request under way; `empty` is called (once, from the
 * loop) when none is left. */
void http_connections_drain(struct http_connections *connections, void (*empty)(void *context),
                            void *context);

size_t http_connections_open(const struct http_connections *connections);

#endif
