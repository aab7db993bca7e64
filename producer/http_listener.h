/* Where the intake listens. */
#ifndef PRODUCER_HTTP_LISTENER_H
#define PRODUCER_HTTP_LISTENER_H

#include "io/config.h"

struct event_base;
struct evhttp;
struct http_listener;

/* Several processes may share the address (SO_REUSEPORT): the kernel spreads connections over them.  The port
 * is logged.  STATUS_CONFIG: the host is no IP address; STATUS_UNAVAILABLE: the address is taken. */
enum status http_listener_new(struct event_base *base, struct evhttp *server, struct config_address address,
                              struct http_listener **listener, struct error *error) WARN_UNUSED;

/* Closes the socket; connections stay.  Before evhttp_free(). */
void http_listener_free(struct http_listener **listener);

#endif
