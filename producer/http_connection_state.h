/* Inside of http_connection.c (one connection) and http_connections.c (all of them). */
#ifndef PRODUCER_HTTP_CONNECTION_STATE_H
#define PRODUCER_HTTP_CONNECTION_STATE_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "producer/address_counts.h"
#include "producer/http_connection.h"
#include "producer/http_reply.h"

enum http_phase { HTTP_ARRIVED, HTTP_SERVED, HTTP_LEAVING };

struct http_connection {
    struct http_connections *all;
    struct http_connection *previous, *next;
    struct bufferevent *wire; /* a reference of our own */
    struct evbuffer_cb_entry *watch;
    enum http_phase phase;
    int descriptor; /* -1 until looked at */
    bool counted;   /* in the counts per address */
    struct address_key address;
    struct http_framing framing;
    unsigned long long answered; /* requests */
    size_t taken;                /* bytes that wait for an answer */
    bool trimming;               /* the input is being changed by us */
    bool has_problem, waits;     /* `problem` is to be told; after the answer under way */
    struct http_problem problem;
    int64_t since_ms; /* monotonic; of the state it is in: idle, within a request, answering, leaving */
    bool peer_done;   /* leaving: the peer has closed its side */
    bool ending;      /* evhttp is being told */
    bool knows_close; /* evhttp will call back */
    bufferevent_event_cb evhttp_event;
    void *evhttp_context;
};

struct http_connections {
    struct metrics *metrics;
    struct http_connection_limits limits;
    struct address_counts *addresses;
    struct http_connection *first;
    struct http_connection **by_descriptor;
    size_t descriptors; /* places in it */
    size_t open, served, leaving;
    size_t taken; /* by all of them */
    struct event *sweep, *soon;
    bool told; /* what waits for an answer may follow it now; `soon` looks after that, and arrivals */
    int64_t now_ms;
    bool draining;
    void (*empty)(void *context);
    void *empty_context;
};

/* Watches the wire that evhttp is about to use.  False: no memory. */
bool http_connection_arrive(struct http_connections *all, struct bufferevent *wire);

/* Tells the problem, once no answer is under way, and closes; `reason` is for the metric. */
void http_connection_refuse(struct http_connection *connection, const struct http_problem *problem,
                            const char *reason);
void http_connection_leave(struct http_connection *connection);

/* Closes at once: evhttp frees its connection; a request under way loses its peer and is freed when it is
 * answered. */
void http_connection_end(struct http_connection *connection);

/* So many bytes of it wait for an answer now. */
void http_connection_count(struct http_connection *connection, size_t taken);

/* Forgets the connection; the bufferevent goes with the last reference. */
void http_connection_forget(struct http_connection *connection);

/* Whether evhttp has freed its connection. */
bool http_connection_is_orphan(const struct http_connection *connection);

/* evhttp's close callback. */
void http_connection_closed(struct evhttp_connection *evhttp, void *connection);

#endif
