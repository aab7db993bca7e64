/* One connection, one question at a time. */
#include "walk_redis.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/redis_record_store.h"

#define DEADLINE_MS 20000

struct walk_redis {
    struct event_base *base;
    struct redis *redis;
    struct redis_record_store *store;
    bool ready;
    char reason[256];
};

static void on_ready(void *context)
{
    struct walk_redis *redis = context;
    redis->ready = true;
}

static void on_down(void *context, enum redis_fault fault, const char *reason)
{
    struct walk_redis *redis = context;
    (void)fault;
    snprintf(redis->reason, sizeof redis->reason, "%s", reason);
}

static void stop(evutil_socket_t fd, short events, void *context)
{
    const struct walk_redis *redis = context;
    (void)fd;
    (void)events;
    fprintf(stderr, "no answer from Redis: %s\n", redis->reason);
    exit(69);
}

void walk_redis_wait(void *context, const bool *answered)
{
    struct walk_redis *redis = context;
    struct timeval deadline = {.tv_sec = DEADLINE_MS / 1000};
    struct event *timer = event_new(redis->base, -1, 0, stop, redis);
    evtimer_add(timer, &deadline);
    while (!*answered)
        event_base_loop(redis->base, EVLOOP_ONCE);
    event_free(timer);
}

struct walk_redis *walk_redis_open(const char *url, const char *prefix)
{
    struct walk_redis *redis = calloc(1, sizeof *redis);
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    struct error error;
    if (!redis)
        exit(71);
    redis->base = event_base_new();
    redis_record_store_scripts(scripts);
    const struct redis_options options = {.url = url,
                                          .prefix = prefix,
                                          .client_name = "walk",
                                          .connect_timeout_ms = DEADLINE_MS,
                                          .command_timeout_ms = DEADLINE_MS,
                                          .most_pending = 4096,
                                          .scripts = scripts,
                                          .script_count = REDIS_RECORD_STORE_SCRIPTS};
    const struct redis_events events = {on_ready, on_down, redis};
    if (redis_new(redis->base, &options, &events, &redis->redis, &error) != STATUS_OK ||
        redis_record_store_new(redis->redis, &redis->store, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(78);
    }
    walk_redis_wait(redis, &redis->ready);
    return redis;
}

void walk_redis_close(struct walk_redis **redis)
{
    if (!*redis)
        return;
    redis_free(&(*redis)->redis);
    redis_record_store_free(&(*redis)->store);
    event_base_free((*redis)->base);
    free(*redis);
    *redis = NULL;
}

struct record_store walk_redis_port(struct walk_redis *redis)
{
    return redis_record_store_port(redis->store);
}
