/* The inside of a pool, shared by its two files only. */
#ifndef WORKER_SMTP_POOL_STATE_H
#define WORKER_SMTP_POOL_STATE_H

#include <event2/event.h>

#include "worker/smtp/connection.h"

struct smtp_pool {
    struct event_base *base;
    struct smtp_settings settings; /* its strings are ours */
    struct smtp_pool_observer observer;
    struct smtp_connection_owner owner;
    struct smtp_pace pace;
    struct smtp_connection **connections; /* settings.connections places, NULL where free */
    struct smtp_delivery *deliveries;
    size_t capacity;
    struct smtp_delivery_list free, queue, ended;
    struct event *dispatch, *timer;
    struct smtp_pool_state state; /* counters, and open and connecting */
    uint64_t growth_after;        /* ms: no new connection before it while others are open */
    enum smtp_reason failure;     /* of the last attempt to connect; NONE after a good one */
    bool wanted, dropping, draining, ending;
};

/* pool.c */
void smtp_pool_wake(struct smtp_pool *pool); /* dispatch soon, from the loop */
/* The one place where done() is called. */
void smtp_pool_complete(struct smtp_pool *pool, struct smtp_delivery *delivery,
                        const struct smtp_result *result);
/* Takes it out of the queue; done() comes with the next dispatch. */
void smtp_pool_end_queued(struct smtp_pool *pool, struct smtp_delivery *delivery,
                          const struct smtp_result *result);
extern const struct smtp_result smtp_pool_withheld;

/* dispatch.c: makes the events and the callbacks of the connections; false without memory. */
bool smtp_dispatch_start(struct smtp_pool *pool);

#endif
