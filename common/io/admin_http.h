/* The admin port: /livez (the loop turns, no dependency), /readyz (the checks of a callback; 503 while one
 * fails) and /metrics.  GET and HEAD only.  Not for the public: no secrets, but names of dependencies. */
#ifndef IO_ADMIN_HTTP_H
#define IO_ADMIN_HTTP_H

#include <stdint.h>

#include "core/status.h"

struct event_base;
struct metrics;
struct admin_http;
struct admin_checks;

struct admin_http_callbacks {
    /* Adds a line per thing that must be well, e.g. kafka, redis, draining.  NULL: always ready. */
    void (*ready)(void *context, struct admin_checks *checks);
    /* Before /metrics is written: bring gauges up to date.  May be NULL. */
    void (*collect)(void *context);
    void *context;
};

/* `name` is a constant; `reason` (copied; may be NULL when ok) one sentence without secrets. */
void admin_checks_add(struct admin_checks *checks, const char *name, bool ok, const char *reason);

/* Listens on host:port (port 0: any, see admin_http_port).  `metrics` must outlive it.  STATUS_UNAVAILABLE
 * when the address is taken. */
enum status admin_http_new(struct event_base *base, const char *host, uint16_t port, struct metrics *metrics,
                           const struct admin_http_callbacks *callbacks, struct admin_http **admin,
                           struct error *error) WARN_UNUSED;
uint16_t admin_http_port(const struct admin_http *admin);
void admin_http_free(struct admin_http **admin);

#endif
