/* Making and ending a client.  What is asked for is checked here, before anything connects: plaintext leaves
 * the machine only where the configuration trusts the network. */
#include <stdlib.h>

#include <sodium.h>

#include "io/redis_connection.h"

enum { COMMAND_LIMIT = 256 * 1024, SENTINEL_PORT = 26379 };

static enum status refuse_plaintext(struct error *error, const char *key, const char *host)
{
    return error_set_field(
        error, STATUS_CONFIG, key,
        "%s: the connection to %s would be plaintext; write rediss:// where this build has TLS, put a TLS "
        "proxy on loopback before it, or set security.plaintext = trusted_network",
        key, host);
}

static enum status check_url(const struct redis_options *options, struct redis_url *url, struct error *error)
{
    if (strlen(options->prefix) > REDIS_PREFIX_MOST)
        return error_set_field(error, STATUS_CONFIG, "redis.prefix", "redis.prefix is longer than %d bytes",
                               REDIS_PREFIX_MOST);
    enum status status = redis_url_parse(text_of(options->url), url, error);
    if (status != STATUS_OK)
        return status;
    if (options->sentinel_count > 0 && (url->path[0] || url->names_port))
        return error_set_field(error, STATUS_CONFIG, "redis.url",
                               "redis.url: with redis.sentinels its host is the name of the primary that "
                               "they watch, so it has no port and is no socket");
    if (options->sentinel_count == 0 && !url->tls && !options->plaintext_trusted && !redis_url_is_local(url))
        return refuse_plaintext(error, "redis.url", url->host);
    return STATUS_OK;
}

static enum status copy_word(const char *word, char copy[REDIS_URL_WORD_MOST + 1], const char *key,
                             struct error *error)
{
    size_t size = word ? strlen(word) : 0;
    if (size > REDIS_URL_WORD_MOST)
        return error_set_field(error, STATUS_CONFIG, key, "%s is longer than %d bytes", key,
                               REDIS_URL_WORD_MOST);
    if (size > 0)
        memcpy(copy, word, size + 1);
    return STATUS_OK;
}

static enum status take_sentinels(struct redis *redis, const struct redis_options *options,
                                  struct error *error)
{
    enum status status;
    if (options->sentinel_count == 0)
        return STATUS_OK;
    redis->sentinels = calloc(options->sentinel_count, sizeof *redis->sentinels);
    if (!redis->sentinels)
        return error_set(error, STATUS_MEMORY, "no memory for the Redis client");
    for (size_t i = 0; i < options->sentinel_count; i++) {
        struct redis_place *place = &redis->sentinels[i];
        if (!redis_host_parse(text_of(options->sentinels[i]), SENTINEL_PORT, place->host, &place->port))
            return error_set_field(error, STATUS_CONFIG, "redis.sentinels",
                                   "redis.sentinels: number %zu is no host[:port]", i + 1);
        if (!redis->url.tls && !options->plaintext_trusted && !redis_host_is_local(place->host))
            return refuse_plaintext(error, "redis.sentinels", place->host);
    }
    redis->sentinel_count = options->sentinel_count;
    if ((status =
             copy_word(options->sentinel_user, redis->sentinel_user, "redis.sentinel_username", error)) ||
        (status = copy_word(options->sentinel_password, redis->sentinel_password, "redis.sentinel_password",
                            error)))
        return status;
    if (redis->sentinel_user[0] && !redis->sentinel_password[0])
        return error_set_field(error, STATUS_CONFIG, "redis.sentinel_password",
                               "redis.sentinel_username needs redis.sentinel_password");
    return STATUS_OK;
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
    redis->plaintext_trusted = options->plaintext_trusted;
    enum status status = check_url(options, &redis->url, error);
    if (status == STATUS_OK)
        status = take_sentinels(redis, options, error);
    if (status == STATUS_OK && redis->url.tls)
        status = redis_tls_new(&options->tls, &redis->tls, error);
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
    redis_tls_free(&(*redis)->tls);
    sodium_memzero((*redis)->sentinel_user, sizeof(*redis)->sentinel_user);
    sodium_memzero((*redis)->sentinel_password, sizeof(*redis)->sentinel_password);
    free((*redis)->sentinels);
    free((*redis)->prefix);
    free((*redis)->client_name);
    free((*redis)->ring);
    free(*redis);
    *redis = NULL;
}
