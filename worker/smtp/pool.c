/* The queue before the connections: what is taken, called back, cancelled, and counted.
 *
 * The memory of all deliveries is taken at the start: the caller sees the cap as room. */
#include "worker/smtp/pool_state.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "worker/smtp/relay_url.h"

#define DELIVERIES_PER_PLACE 3 /* on its way, ahead, and one in the queue */

void smtp_pool_wake(struct smtp_pool *pool)
{
    event_active(pool->dispatch, EV_TIMEOUT, 1);
}

void smtp_pool_complete(struct smtp_pool *pool, struct smtp_delivery *delivery,
                        const struct smtp_result *result)
{
    struct smtp_submission submission = delivery->submission;
    struct smtp_result final = *result;
    *delivery = (struct smtp_delivery){.state = SMTP_DELIVERY_FREE};
    smtp_delivery_list_prepend(&pool->free, delivery);
    pool->state.accepted += final.kind == SMTP_ACCEPTED;
    pool->state.uncertain += final.kind == SMTP_UNCERTAIN;
    if (pool->draining)
        smtp_pool_wake(pool);
    submission.done(submission.context, &final);
}

const struct smtp_result smtp_pool_withheld = {.kind = SMTP_WITHHELD, .reason = SMTP_REASON_CALLER};

void smtp_pool_end_queued(struct smtp_pool *pool, struct smtp_delivery *delivery,
                          const struct smtp_result *result)
{
    smtp_delivery_list_remove(&pool->queue, delivery);
    delivery->state = SMTP_DELIVERY_ENDED;
    delivery->result = *result;
    smtp_delivery_list_append(&pool->ended, delivery);
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
    pool->capacity =
        settings->deliveries ? settings->deliveries : settings->connections * DELIVERIES_PER_PLACE;
    bool copied = smtp_settings_copy(&pool->settings, settings);
    pool->connections = calloc(settings->connections, sizeof *pool->connections);
    pool->deliveries = calloc(pool->capacity, sizeof *pool->deliveries);
    if (!smtp_dispatch_start(pool) || !copied || !pool->connections || !pool->deliveries) {
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
        smtp_pool_complete(pool, delivery, &delivery->result);
    }
    while (pool->queue.first)
        smtp_pool_complete(pool, smtp_delivery_list_remove(&pool->queue, pool->queue.first), &closing);
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
    smtp_pool_wake(pool);
    return STATUS_OK;
}

static void unwant(struct smtp_pool *pool, struct smtp_delivery *delivery, bool aborted)
{
    delivery->unwanted = true;
    delivery->aborted = delivery->aborted || aborted;
    if (delivery->state == SMTP_DELIVERY_QUEUED)
        smtp_pool_end_queued(pool, delivery, &smtp_pool_withheld);
    else if (delivery->state == SMTP_DELIVERY_SENDING)
        pool->dropping = true;
    smtp_pool_wake(pool);
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
    smtp_pool_wake(pool);
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
    smtp_pool_wake(pool);
}
