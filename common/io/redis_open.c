/* Making and ending a client.  What is asked for is checked here, before anything connects: plaintext leaves
 * the machine only where the configuration trusts the network. */
#include <stdlib.h>

#include "io/redis_connection.h"

enum { COMMAND_LIMIT = 256 * 1024 };

static enum status check_url(const struct redis_options *options, struct redis_url *url, struct error *error)
{
    if (strlen(options->prefix) > REDIS_PREFIX_MOST)
        return error_set_field(error, STATUS_CONFIG, "redis.prefix", "redis.prefix is longer than %d bytes",
                               REDIS_PREFIX_MOST);
    enum status status = redis_url_parse(text_of(options->url), url, error);
    if (status == STATUS_OK && !options->plaintext_trusted && !redis_url_is_local(url))
        return error_set_field(
            error, STATUS_CONFIG, "redis.url",
            "redis.url: the connection to %s would be plaintext; put a TLS proxy on loopback before it, "
            "or set security.plaintext = trusted_network",
            url->host);
    return status;
}

static bool allocate(struct redis *redis, const struct redis_options *options)
{
    redis->prefix = strdup(options->prefix);
    redis->client_name = strdup(options->client_name);
    redis->ring_size = options->most_pending + REDIS_GREETING_COMMANDS;
    redis->ring = calloc(redis->ring_size, sizeof *redis->ring);
    redis->deadline = evtimer_new(redis->base, redis_on_deadline, redis);
    redis->reconnect = evtimer_new(redis->base, redis_connect_now, redis);
    for (size_t i = 0; i < options->script_count && i < REDIS_SCRIPTS_MOST; i++) {
        struct buffer *script = &redis->scripts[redis->script_count++];
        buffer_init(script, COMMAND_LIMIT / 2);
        buffer_append_text(script, options->scripts[i].head);
        buffer_append_text(script, options->scripts[i].body);
        if (script->failed)
            return false;
    }
    return redis->prefix && redis->client_name && redis->ring && redis->deadline && redis->reconnect;
}

enum status redis_new(struct event_base *base, const struct redis_options *options,
                      const struct redis_events *events, struct redis **result, struct error *error)
{
    *result = NULL;
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis)
        return error_set(error, STATUS_MEMORY, "no memory for the Redis client");
    buffer_init_secret(&redis->command, COMMAND_LIMIT);
    redis->base = base;
    redis->resolution.redis = redis;
    redis->events = *events;
    redis->connect_timeout_ms = options->connect_timeout_ms;
    redis->command_timeout_ms = options->command_timeout_ms;
    redis->most_pending = options->most_pending;
    memcpy(redis->reason, "not connected yet", sizeof "not connected yet");
    enum status status = check_url(options, &redis->url, error);
    if (status == STATUS_OK && !allocate(redis, options))
        status = error_set(error, STATUS_MEMORY, "no memory for the Redis client");
    if (status != STATUS_OK) {
        redis_free(&redis);
        return status;
    }
    event_active(redis->reconnect, EV_TIMEOUT, 0);
    *result = redis;
    return STATUS_OK;
}

void redis_free(struct redis **redis)
{
    if (!*redis)
        return;
    (*redis)->phase = REDIS_PHASE_CLOSED;
    if ((*redis)->link)
        redisAsyncFree((*redis)->link);
    offload_cancel(&(*redis)->resolution.offload);
    if ((*redis)->deadline)
        event_free((*redis)->deadline);
    if ((*redis)->reconnect)
        event_free((*redis)->reconnect);
    for (size_t i = 0; i < (*redis)->script_count; i++)
        buffer_clear(&(*redis)->scripts[i]);
    buffer_clear(&(*redis)->command);
    redis_url_clear(&(*redis)->url);
    free((*redis)->prefix);
    free((*redis)->client_name);
    free((*redis)->ring);
    free(*redis);
    *redis = NULL;
}
