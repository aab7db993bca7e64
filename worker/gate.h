/* A dependency that may be away (Redis, the relay, Kafka): events that need it wait here, and the worker
 * takes no new ones meanwhile.  A circuit breaker with jitter decides when to ask again; the asking is the
 * owner's probe. */
#ifndef WORKER_GATE_H
#define WORKER_GATE_H

#include <stdint.h>

#include "core/status.h"

struct event_base;
struct metrics;
struct gate;

/* A place in the queue; zeroed before its first use. */
struct gate_waiter {
    struct gate_waiter *next, **link; /* link is NULL while it is not waiting */
    void (*go)(void *context);
    void *context;
};

struct gate_options {
    const char *name;   /* "redis", "smtp", "kafka"; a constant */
    unsigned threshold; /* failures in a row that shut it */
    int64_t first_ms, most_ms;
    /* The delay is over.  True: those who wait are let through and find out; false: the probe has asked the
     * dependency, and gate_success, gate_reachable or gate_failure follows.  NULL: true. */
    bool (*probe)(void *context);
    void (*opened)(void *context); /* it is open again: there may be room for new events */
    void *context;
};

enum status gate_new(struct event_base *base, const struct gate_options *options, struct metrics *metrics,
                     struct gate **gate, struct error *error) WARN_UNUSED;

/* Nobody waiting is called. */
void gate_free(struct gate **gate);

bool gate_is_open(const struct gate *gate);

/* Open, and not merely to find out: its last answers were good. */
bool gate_serves(const struct gate *gate);

/* Why it was shut last; "" when it never was. */
const char *gate_reason(const struct gate *gate);

void gate_success(struct gate *gate);

/* The probe has reached it, which is no answer yet: those who wait are let through and find out, and one
 * failure shuts it again. */
void gate_reachable(struct gate *gate);

/* `reason` is one sentence for log and readiness. */
void gate_failure(struct gate *gate, const char *reason);

/* Calls waiter->go from the loop when the gate is open (also when it is open now).  A waiter waits at one
 * place only. */
void gate_wait(struct gate *gate, struct gate_waiter *waiter);
void gate_leave(struct gate_waiter *waiter);

#endif
