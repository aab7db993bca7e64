/* From nothing to a connection: where it goes, the look-up of a name, TLS.  Where Sentinels are named, each
 * try asks one of them first, another after each failure, and goes where that one says: nothing is remembered
 * of where the primary was. */
#include <netdb.h>
#include <stdio.h>

#include "io/clock.h"
#include "io/redis_connection.h"

static void on_gone(redisAsyncContext *link)
{
    struct redis *redis = link->data;
    redis_note_hiredis_loss(redis, link);
    redis_connection_ended(redis);
}

static void on_connected(const redisAsyncContext *link, int result)
{
    if (result != REDIS_OK)
        return; /* on_gone follows */
    redis_adapter_connected((redisAsyncContext *)link);
    if (((struct redis *)link->data)->place.host[0])
        redisEnableKeepAlive((redisContext *)&link->c);
}

static bool secure(struct redis *redis, redisAsyncContext *link)
{
    struct error error;
    if (!redis->tls || redis_tls_start(redis->tls, link, redis->place.host, &error) == STATUS_OK)
        return true;
    redis_note_loss(redis, REDIS_FAULT_CONNECTION, error.text);
    return false;
}

/* To `address`, or to the Unix socket. */
static void connect_to(struct redis *redis, const char *address)
{
    const char *path = redis->url.path;
    redisAsyncContext *link =
        path[0] ? redisAsyncConnectUnix(path) : redisAsyncConnect(address, redis->place.port);
    if (!link || link->err || !secure(redis, link) || !redis_adapter_attach(redis->base, link, on_gone)) {
        if (link && link->err)
            redis_note_hiredis_loss(redis, link);
        else
            redis_note_loss(redis, REDIS_FAULT_CONNECTION, "no memory for a connection to Redis");
        if (link)
            redisAsyncFree(link);
        redis_connection_ended(redis);
        return;
    }
    link->data = redis;
    redis->link = link;
    redis->started_ms = clock_monotonic_ms();
    redisAsyncSetConnectCallback(link, on_connected);
    redis_limit_replies(redis, link);
    redis_arm_deadline(redis, redis->connect_timeout_ms);
    if (redis->phase == REDIS_PHASE_ASKING)
        redis_ask_sentinel(redis);
    else
        redis_greet(redis);
}

static void on_resolved(void *context)
{
    struct redis_resolution *resolution = context;
    struct redis *redis = resolution->redis;
    char reason[REDIS_REASON_SIZE];
    resolution->offload = NULL;
    if (!resolution->failure) {
        connect_to(redis, resolution->address);
        return;
    }
    snprintf(reason, sizeof reason, "no address is found for %s at %s: %s",
             redis->phase == REDIS_PHASE_ASKING ? "the Sentinel" : "Redis", redis->place.host,
             gai_strerror(resolution->failure));
    redis_note_loss(redis, REDIS_FAULT_CONNECTION, reason);
    redis_connection_ended(redis);
}

static void choose_place(struct redis *redis)
{
    redis->phase = REDIS_PHASE_GREETING;
    if (redis->told)
        return;
    if (redis->sentinel_count == 0) {
        memcpy(redis->place.host, redis->url.host, sizeof redis->place.host);
        redis->place.port = redis->url.port;
        return;
    }
    redis->place = redis->sentinels[redis->sentinel_turn % redis->sentinel_count];
    redis->phase = REDIS_PHASE_ASKING;
}

void redis_connect_now(evutil_socket_t socket, short what, void *context)
{
    struct redis *redis = context;
    struct error error;
    (void)socket, (void)what;
    redis->lost = REDIS_FAULT_NONE;
    redis->oversized = false;
    choose_place(redis);
    redis->told = false;
    if (!redis_host_needs_resolving(redis->place.host)) {
        connect_to(redis, redis->place.host);
    } else if (redis_resolve(redis, on_resolved, &error) != STATUS_OK) {
        redis_note_loss(redis, REDIS_FAULT_CONNECTION, error.text);
        redis_connection_ended(redis);
    }
}
