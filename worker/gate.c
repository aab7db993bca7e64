/* Waiters are called from a timer of the gate's own, never from inside success or failure: whoever reports is
 * usually in the middle of a step.  A gate that was shut lets all through together once the delay is over and
 * the probe, if there is one, has succeeded; their number is bounded by the events in flight. */
#include "worker/gate.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "core/breaker.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/metrics.h"
#include "io/process.h"

struct gate {
    struct gate_options options;
    struct breaker breaker;
    struct metrics *metrics;
    struct event *timer;
    struct gate_waiter *waiting;
    char reason[256];
    bool shut;
    bool reachable; /* the probe has come through; what it is worth shows when somebody uses it */
};

static void arm(struct gate *gate, int64_t delay_ms)
{
    const struct timeval delay = clock_span(delay_ms);
    event_add(gate->timer, &delay);
}

static void release_all(struct gate *gate)
{
    struct gate_waiter *waiter;
    /* Somebody let through may shut the gate again and wait anew: then it waits behind this pass. */
    struct gate_waiter *pass = gate->waiting;
    if (pass)
        pass->link = &pass;
    gate->waiting = NULL;
    while ((waiter = pass)) {
        gate_leave(waiter);
        waiter->go(waiter->context);
    }
}

static void open_gate(struct gate *gate)
{
    gate->reachable = false;
    if (gate->shut) {
        gate->shut = false;
        metrics_set(gate->metrics, METRIC_BREAKER_OPEN, LABELS(gate->options.name), 0);
    }
    release_all(gate);
    if (gate->options.opened)
        gate->options.opened(gate->options.context);
}

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    struct gate *gate = context;
    int64_t now = clock_monotonic_ms();
    if (!gate->shut || gate->breaker.state == BREAKER_CLOSED || gate->reachable)
        open_gate(gate);
    else if (!breaker_allow(&gate->breaker, now))
        arm(gate, breaker_wait(&gate->breaker, now));
    else if (!gate->options.probe || gate->options.probe(gate->options.context))
        open_gate(gate);
}

enum status gate_new(struct event_base *base, const struct gate_options *options, struct metrics *metrics,
                     struct gate **gate, struct error *error)
{
    *gate = calloc(1, sizeof **gate);
    if (!*gate)
        return error_set(error, STATUS_MEMORY, "no memory for the gate of %s", options->name);
    (*gate)->options = *options;
    (*gate)->metrics = metrics;
    breaker_init(&(*gate)->breaker, options->threshold,
                 (struct backoff){.first_ms = options->first_ms, .most_ms = options->most_ms});
    metrics_set(metrics, METRIC_BREAKER_OPEN, LABELS(options->name), 0);
    (*gate)->timer = evtimer_new(base, on_timer, *gate);
    if (!(*gate)->timer) {
        gate_free(gate);
        return error_set(error, STATUS_MEMORY, "no memory for the gate of %s", options->name);
    }
    return STATUS_OK;
}

void gate_free(struct gate **gate)
{
    if (!*gate)
        return;
    while ((*gate)->waiting)
        gate_leave((*gate)->waiting);
    if ((*gate)->timer)
        event_free((*gate)->timer);
    free(*gate);
    *gate = NULL;
}

bool gate_is_open(const struct gate *gate)
{
    return !gate->shut;
}

bool gate_serves(const struct gate *gate)
{
    return !gate->shut && gate->breaker.state == BREAKER_CLOSED;
}

const char *gate_reason(const struct gate *gate)
{
    return gate->reason;
}

void gate_success(struct gate *gate)
{
    bool was_shut = gate->breaker.state != BREAKER_CLOSED;
    breaker_success(&gate->breaker);
    if (!was_shut)
        return;
    log_write(LOG_LEVEL_INFO, "dependency is back", LOG_TEXT("dependency", gate->options.name));
    arm(gate, 0);
}

void gate_reachable(struct gate *gate)
{
    if (!gate->shut || gate->breaker.state != BREAKER_HALF_OPEN)
        return;
    gate->reachable = true;
    arm(gate, 0);
}

void gate_failure(struct gate *gate, const char *reason)
{
    uint32_t random;
    process_random(&random, sizeof random);
    snprintf(gate->reason, sizeof gate->reason, "%s", reason);
    enum breaker_state before = gate->breaker.state;
    int64_t now = clock_monotonic_ms();
    if (before != BREAKER_OPEN)
        breaker_failure(&gate->breaker, now, random);
    if (gate->breaker.state != BREAKER_OPEN || before == BREAKER_OPEN)
        return;
    gate->shut = true;
    gate->reachable = false;
    metrics_set(gate->metrics, METRIC_BREAKER_OPEN, LABELS(gate->options.name), 1);
    log_write(LOG_LEVEL_WARNING, "dependency is away: events are held",
              LOG_TEXT("dependency", gate->options.name), LOG_TEXT("reason", gate->reason),
              LOG_NUMBER("again_in_ms", breaker_wait(&gate->breaker, now)));
    arm(gate, breaker_wait(&gate->breaker, now));
}

void gate_wait(struct gate *gate, struct gate_waiter *waiter)
{
    waiter->next = gate->waiting;
    if (gate->waiting)
        gate->waiting->link = &waiter->next;
    gate->waiting = waiter;
    waiter->link = &gate->waiting;
    if (!gate->shut)
        arm(gate, 0);
}

void gate_leave(struct gate_waiter *waiter)
{
    if (!waiter->link)
        return;
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    waiter->next = NULL;
    waiter->link = NULL;
}
