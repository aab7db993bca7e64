/* The rules by which connections are opened, used and left.
 *
 * A delivery goes to the connection that was used last, so that the others may retire; then to a new
 * connection, while fewer than the limit are open and none has just failed; and only when all that are
 * allowed are busy, behind another message's dot.  What a relay refused to go on with on a connection that
 * had served before (cut, or 421, before any answer to its MAIL) is tried over another one without telling
 * anybody: relays close connections that are idle or long used. */
#include "worker/smtp/pool_state.h"

#include <assert.h>

#define CONNECTING_LIMIT  8 /* at once: a relay sees a slow start */
#define MOVES_LIMIT       3
#define AHEAD_MOVES_LIMIT 2

static void on_moved(void *context, struct smtp_delivery *delivery)
{
    struct smtp_pool *pool = context;
    delivery->moves++;
    pool->state.moved++;
    delivery->state = SMTP_DELIVERY_QUEUED;
    smtp_delivery_list_prepend(&pool->queue, delivery);
    if (delivery->unwanted)
        smtp_pool_end_queued(pool, delivery, &smtp_pool_withheld);
    smtp_pool_wake(pool);
}

/* The relay was tired of the connection, not of the message. */
static bool deserves_another(const struct smtp_pool *pool, const struct smtp_delivery *delivery,
                             const struct smtp_result *result)
{
    return result->kind == SMTP_UNAVAILABLE && delivery->stale && delivery->moves < MOVES_LIMIT &&
           !pool->ending && (result->stage == SMTP_STAGE_NONE || result->stage == SMTP_STAGE_MAIL) &&
           result->reason != SMTP_REASON_DEADLINE;
}

static void on_finished(void *context, struct smtp_delivery *delivery, const struct smtp_result *result)
{
    struct smtp_pool *pool = context;
    if (deserves_another(pool, delivery, result))
        on_moved(pool, delivery);
    else
        smtp_pool_complete(pool, delivery, result);
}

static bool may_grow(const struct smtp_pool *pool)
{
    const struct smtp_pool_state *state = &pool->state;
    return state->open + state->connecting < pool->settings.connections &&
           (state->open == 0 || smtp_clock() >= pool->growth_after);
}

/* Deliveries that no connection under way will take. */
static bool ahead_is_wise(const struct smtp_pool *pool)
{
    return pool->queue.count > pool->state.connecting && !may_grow(pool);
}

/* One that has had to move twice goes behind nobody, and until it has its connection nobody else goes ahead:
 * else all connections would stay taken, and it would wait for ever. */
static struct smtp_delivery *on_next(void *context, bool ahead)
{
    struct smtp_pool *pool = context;
    struct smtp_delivery *delivery = pool->queue.first;
    if (!delivery || pool->ending ||
        (ahead && (!ahead_is_wise(pool) || delivery->moves >= AHEAD_MOVES_LIMIT)))
        return NULL;
    return smtp_delivery_list_remove(&pool->queue, delivery);
}

static void on_opened(void *context, struct smtp_connection *connection)
{
    struct smtp_pool *pool = context;
    (void)connection;
    pool->state.connecting--;
    pool->state.open++;
    pool->state.connects++;
    pool->failure = SMTP_REASON_NONE;
    pool->wanted = false;
    if (pool->observer.connected)
        pool->observer.connected(pool->observer.context);
}

static void connect_failed(struct smtp_pool *pool, enum smtp_reason reason, const struct error *error)
{
    pool->state.connect_failures++;
    pool->failure = reason;
    pool->wanted = false; /* answered; who asks anew is heard, also before the next dispatch */
    pool->growth_after = smtp_clock() + pool->settings.growth_pause;
    if (pool->observer.connect_failed)
        pool->observer.connect_failed(pool->observer.context, reason, error);
    smtp_pool_wake(pool);
}

static void on_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    struct smtp_pool *pool = context;
    pool->state.connecting--;
    connect_failed(pool, reason, error);
}

static void on_closed(void *context, struct smtp_connection *connection)
{
    struct smtp_pool *pool = context;
    pool->state.open -= smtp_connection_is_open(connection);
    for (size_t i = 0; i < pool->settings.connections; i++)
        if (pool->connections[i] == connection)
            pool->connections[i] = NULL;
    smtp_connection_free(&connection);
    smtp_pool_wake(pool);
}

static void open_one(struct smtp_pool *pool)
{
    struct error error;
    size_t place = 0;
    while (place < pool->settings.connections && pool->connections[place])
        place++;
    assert(place < pool->settings.connections);
    pool->connections[place] = smtp_connection_new(pool->base, &pool->settings, &pool->owner, &error);
    if (pool->connections[place])
        pool->state.connecting++;
    else
        connect_failed(pool, SMTP_REASON_CONNECT, &error);
}

/* The one used last of those that have nothing to do, or NULL. */
static struct smtp_connection *available_connection(struct smtp_pool *pool)
{
    struct smtp_connection *best = NULL;
    for (size_t i = 0; i < pool->settings.connections; i++) {
        struct smtp_connection *each = pool->connections[i];
        if (each && smtp_connection_is_available(each) &&
            (!best || smtp_connection_last_used(each) > smtp_connection_last_used(best)))
            best = each;
    }
    return best;
}

/* The one that came to its dot last, since the others are nearer to being slow; NULL when all have been long
 * at it. */
static struct smtp_connection *connection_to_wait_behind(struct smtp_pool *pool)
{
    struct smtp_connection *best = NULL;
    uint64_t latest = smtp_clock() - smtp_pace_patience(&pool->pace, pool->settings.ahead_patience), since;
    for (size_t i = 0; i < pool->settings.connections; i++) {
        struct smtp_connection *each = pool->connections[i];
        if (each && smtp_connection_takes_ahead(each, &since) && since >= latest) {
            best = each;
            latest = since;
        }
    }
    return best;
}

static void place_queued(struct smtp_pool *pool)
{
    struct smtp_connection *connection;
    size_t before = pool->queue.count + 1;
    while (pool->queue.count > 0 && pool->queue.count < before && (connection = available_connection(pool))) {
        before = pool->queue.count;
        smtp_connection_work(connection);
    }
    while (may_grow(pool) && pool->state.connecting < CONNECTING_LIMIT &&
           pool->state.connecting < pool->queue.count + pool->wanted) {
        size_t connecting = pool->state.connecting;
        open_one(pool);
        if (pool->state.connecting == connecting)
            break;
    }
    before = pool->queue.count + 1;
    while (ahead_is_wise(pool) && pool->queue.count < before &&
           (connection = connection_to_wait_behind(pool))) {
        before = pool->queue.count;
        smtp_connection_work(connection);
    }
}

static void expire_queued(struct smtp_pool *pool)
{
    const struct smtp_result late = {.kind = SMTP_UNAVAILABLE, .reason = SMTP_REASON_QUEUE};
    const struct smtp_result unconnected = {
        .kind = SMTP_UNAVAILABLE, .stage = SMTP_STAGE_CONNECT, .reason = pool->failure};
    bool hopeless = pool->failure != SMTP_REASON_NONE && pool->state.open + pool->state.connecting == 0;
    uint64_t now = smtp_clock();
    while (pool->queue.first && (hopeless || now >= pool->queue.first->since + pool->settings.queue))
        smtp_pool_end_queued(pool, pool->queue.first, hopeless ? &unconnected : &late);
    if (hopeless)
        pool->failure = SMTP_REASON_NONE; /* the next submission tries again */
    while (pool->ended.first) {
        struct smtp_delivery *delivery = smtp_delivery_list_remove(&pool->ended, pool->ended.first);
        smtp_pool_complete(pool, delivery, &delivery->result);
    }
}

static void drop_unwanted(struct smtp_pool *pool)
{
    if (!pool->dropping)
        return;
    pool->dropping = false;
    for (size_t i = 0; i < pool->capacity; i++) {
        struct smtp_delivery *delivery = &pool->deliveries[i];
        if (delivery->state == SMTP_DELIVERY_SENDING && delivery->unwanted)
            smtp_connection_drop(delivery->connection, delivery);
    }
}

static void retire_all(struct smtp_pool *pool)
{
    for (size_t i = 0; i < pool->settings.connections; i++) {
        struct smtp_connection *connection = pool->connections[i];
        if (connection && smtp_connection_is_open(connection)) {
            smtp_connection_retire(connection);
        } else if (connection) {
            pool->connections[i] = NULL;
            pool->state.connecting--;
            smtp_connection_free(&connection);
        }
    }
}

static void arm(struct smtp_pool *pool)
{
    if (!pool->queue.first)
        return;
    uint64_t now = smtp_clock(), at = pool->queue.first->since + pool->settings.queue;
    if (now < pool->growth_after && pool->growth_after < at)
        at = pool->growth_after;
    uint64_t wait = at > now ? at - now : 1;
    struct timeval interval = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    if (!evtimer_pending(pool->timer, NULL) || now < pool->growth_after)
        evtimer_add(pool->timer, &interval);
}

static void on_dispatch(evutil_socket_t socket, short what, void *argument)
{
    struct smtp_pool *pool = argument;
    (void)socket;
    (void)what;
    drop_unwanted(pool);
    expire_queued(pool);
    place_queued(pool);
    if (pool->draining && pool->queue.count == 0)
        retire_all(pool);
    arm(pool);
}

bool smtp_dispatch_start(struct smtp_pool *pool)
{
    pool->owner = (struct smtp_connection_owner){.context = pool,
                                                 .pace = &pool->pace,
                                                 .opened = on_opened,
                                                 .failed = on_failed,
                                                 .next = on_next,
                                                 .finished = on_finished,
                                                 .moved = on_moved,
                                                 .closed = on_closed};
    pool->dispatch = event_new(pool->base, -1, 0, on_dispatch, pool);
    pool->timer = evtimer_new(pool->base, on_dispatch, pool);
    return pool->dispatch && pool->timer;
}
