/* The queue before the connections and the rules by which they are opened, used and left.
 *
 * A delivery goes to the connection that was used last, so that the others may retire; then to a new
 * connection, while fewer than the limit are open and none has just failed; and only when all that are
 * allowed are busy, behind another message's dot.  What a relay refused to go on with on a connection that
 * had served before (cut, or 421, before any answer to its MAIL) is tried over another one without telling
 * anybody: relays close connections that are idle or long used.
 *
 * The memory of all deliveries is taken at the start: the caller sees the cap as room. */
#include "worker/smtp/pool.h"

#include <assert.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "worker/smtp/connection.h"
#include "worker/smtp/relay_url.h"

#define CONNECTING_LIMIT     8 /* at once: a relay sees a slow start */
#define MOVES_LIMIT          3
#define AHEAD_MOVES_LIMIT    2
#define DELIVERIES_PER_PLACE 3 /* on its way, ahead, and one in the queue */

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

static void wake(struct smtp_pool *pool)
{
    event_active(pool->dispatch, EV_TIMEOUT, 1);
}

/* The one place where done() is called. */
static void complete(struct smtp_pool *pool, struct smtp_delivery *delivery, const struct smtp_result *result)
{
    struct smtp_submission submission = delivery->submission;
    struct smtp_result final = *result;
    *delivery = (struct smtp_delivery){.state = SMTP_DELIVERY_FREE};
    smtp_delivery_list_prepend(&pool->free, delivery);
    pool->state.accepted += final.kind == SMTP_ACCEPTED;
    pool->state.uncertain += final.kind == SMTP_UNCERTAIN;
    if (pool->draining)
        wake(pool);
    submission.done(submission.context, &final);
}

static const struct smtp_result withheld = {.kind = SMTP_WITHHELD, .reason = SMTP_REASON_CALLER};

static void end_queued(struct smtp_pool *pool, struct smtp_delivery *delivery,
                       const struct smtp_result *result)
{
    smtp_delivery_list_remove(&pool->queue, delivery);
    delivery->state = SMTP_DELIVERY_ENDED;
    delivery->result = *result;
    smtp_delivery_list_append(&pool->ended, delivery);
}

static void on_moved(void *context, struct smtp_delivery *delivery)
{
    struct smtp_pool *pool = context;
    delivery->moves++;
    pool->state.moved++;
    delivery->state = SMTP_DELIVERY_QUEUED;
    smtp_delivery_list_prepend(&pool->queue, delivery);
    if (delivery->unwanted)
        end_queued(pool, delivery, &withheld);
    wake(pool);
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
        complete(pool, delivery, result);
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
    pool->growth_after = smtp_clock() + pool->settings.growth_pause;
    if (pool->observer.connect_failed)
        pool->observer.connect_failed(pool->observer.context, reason, error);
    wake(pool);
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
    wake(pool);
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
        end_queued(pool, pool->queue.first, hopeless ? &unconnected : &late);
    if (hopeless) {
        pool->failure = SMTP_REASON_NONE; /* the next submission tries again */
        pool->wanted = false;
    }
    while (pool->ended.first) {
        struct smtp_delivery *delivery = smtp_delivery_list_remove(&pool->ended, pool->ended.first);
        complete(pool, delivery, &delivery->result);
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

enum status smtp_pool_new(struct event_base *base, const struct smtp_settings *settings,
                          const struct smtp_pool_observer *observer, struct smtp_pool **out,
                          struct error *error)
{
    *out = NULL;
    if (settings->connections == 0 || settings->messages_per_connection == 0)
        return error_set_field(error, STATUS_CONFIG, "smtp.connections",
                               "smtp.connections must be 1 or more");
    enum status status = smtp_relay_url_check(settings, error);
    if (status != STATUS_OK)
        return status;
    struct smtp_pool *pool = calloc(1, sizeof *pool);
    if (!pool || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(pool);
        return error_set(error, STATUS_MEMORY, "no memory for the SMTP pool");
    }
    pool->base = base;
    pool->observer = observer ? *observer : (struct smtp_pool_observer){0};
    pool->owner = (struct smtp_connection_owner){.context = pool,
                                                 .pace = &pool->pace,
                                                 .opened = on_opened,
                                                 .failed = on_failed,
                                                 .next = on_next,
                                                 .finished = on_finished,
                                                 .moved = on_moved,
                                                 .closed = on_closed};
    pool->capacity =
        settings->deliveries ? settings->deliveries : settings->connections * DELIVERIES_PER_PLACE;
    bool copied = smtp_settings_copy(&pool->settings, settings);
    pool->connections = calloc(settings->connections, sizeof *pool->connections);
    pool->deliveries = calloc(pool->capacity, sizeof *pool->deliveries);
    pool->dispatch = event_new(base, -1, 0, on_dispatch, pool);
    pool->timer = evtimer_new(base, on_dispatch, pool);
    if (!copied || !pool->connections || !pool->deliveries || !pool->dispatch || !pool->timer) {
        smtp_pool_free(&pool);
        return error_set(error, STATUS_MEMORY, "no memory for the SMTP pool");
    }
    for (size_t i = 0; i < pool->capacity; i++)
        smtp_delivery_list_append(&pool->free, &pool->deliveries[i]);
    *out = pool;
    return STATUS_OK;
}

void smtp_pool_free(struct smtp_pool **out)
{
    struct smtp_pool *pool = *out;
    if (!pool)
        return;
    const struct smtp_result closing = {.kind = SMTP_UNAVAILABLE, .reason = SMTP_REASON_QUEUE};
    pool->draining = pool->ending = true;
    for (size_t i = 0; pool->connections && i < pool->settings.connections; i++)
        smtp_connection_free(&pool->connections[i]);
    while (pool->ended.first) {
        struct smtp_delivery *delivery = smtp_delivery_list_remove(&pool->ended, pool->ended.first);
        complete(pool, delivery, &delivery->result);
    }
    while (pool->queue.first)
        complete(pool, smtp_delivery_list_remove(&pool->queue, pool->queue.first), &closing);
    if (pool->dispatch)
        event_free(pool->dispatch);
    if (pool->timer)
        event_free(pool->timer);
    smtp_settings_clear(&pool->settings);
    free(pool->connections);
    free(pool->deliveries);
    free(pool);
    *out = NULL;
    curl_global_cleanup();
}

size_t smtp_pool_room(const struct smtp_pool *pool)
{
    return pool->draining ? 0 : pool->free.count;
}

enum status smtp_pool_submit(struct smtp_pool *pool, const struct smtp_submission *submission,
                             struct smtp_delivery **out, struct error *error)
{
    if (pool->draining)
        return error_set(error, STATUS_UNAVAILABLE, "the SMTP pool is closing and takes no more mail");
    if (!pool->free.first)
        return error_set(error, STATUS_FULL, "all %zu places of the SMTP pool are taken", pool->capacity);
    if (submission->message.size > pool->settings.message_limit)
        return error_set(error, STATUS_INVALID, "a message of %zu bytes is over the limit of %zu",
                         submission->message.size, pool->settings.message_limit);
    struct smtp_delivery *delivery = smtp_delivery_list_remove(&pool->free, pool->free.first);
    *delivery = (struct smtp_delivery){
        .submission = *submission, .state = SMTP_DELIVERY_QUEUED, .since = smtp_clock()};
    smtp_delivery_list_append(&pool->queue, delivery);
    if (out)
        *out = delivery;
    wake(pool);
    return STATUS_OK;
}

static void unwant(struct smtp_pool *pool, struct smtp_delivery *delivery, bool aborted)
{
    delivery->unwanted = true;
    delivery->aborted = delivery->aborted || aborted;
    if (delivery->state == SMTP_DELIVERY_QUEUED)
        end_queued(pool, delivery, &withheld);
    else if (delivery->state == SMTP_DELIVERY_SENDING)
        pool->dropping = true;
    wake(pool);
}

void smtp_pool_cancel(struct smtp_pool *pool, struct smtp_delivery *delivery)
{
    unwant(pool, delivery, false);
}

void smtp_pool_abort(struct smtp_pool *pool, struct smtp_delivery *delivery)
{
    unwant(pool, delivery, true);
}

void smtp_pool_connect(struct smtp_pool *pool)
{
    if (pool->draining || pool->state.open + pool->state.connecting > 0)
        return;
    pool->wanted = true;
    wake(pool);
}

void smtp_pool_state(const struct smtp_pool *pool, struct smtp_pool_state *state)
{
    *state = pool->state;
    state->queued = pool->queue.count;
    state->under_way = pool->capacity - pool->free.count - pool->queue.count - pool->ended.count;
    state->busy = 0;
    for (size_t i = 0; i < pool->settings.connections; i++)
        state->busy += pool->connections[i] && smtp_connection_is_busy(pool->connections[i]);
}

void smtp_pool_drain(struct smtp_pool *pool)
{
    pool->draining = true;
    pool->wanted = false;
    wake(pool);
}
