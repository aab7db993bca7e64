/* One question to a Sentinel (redis.io/docs/latest/develop/reference/sentinel-clients): where is the primary
 * of that name?  The connection ends with the answer.  That what it names is a primary indeed is seen in its
 * greeting; a Sentinel that is behind is asked again, or another one. */
#include <hiredis/hiredis.h>
#include <stdio.h>

#include "core/protocol/record.h"
#include "io/redis_connection.h"

enum { PORT_MOST = 65535 };

static void give_up(struct redis *redis, enum redis_fault fault, const char *what)
{
    char reason[REDIS_REASON_SIZE];
    snprintf(reason, sizeof reason, "the Sentinel at %s: %.200s", redis->place.host, what);
    redis_drop(redis, fault, reason);
}

/* Host and port, as two strings. */
static bool read_place(const redisReply *reply, struct redis_place *place)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_STRING)
        return false;
    struct text host = {reply->element[0]->str, (size_t)reply->element[0]->len};
    struct text digits = {reply->element[1]->str, (size_t)reply->element[1]->len};
    int64_t port;
    if (host.size == 0 || host.size > REDIS_URL_HOST_MOST || memchr(host.bytes, '\0', host.size) ||
        number_record_parse(digits, &port) != STATUS_OK || port == 0 || port > PORT_MOST)
        return false;
    memcpy(place->host, host.bytes, host.size);
    place->host[host.size] = '\0';
    place->port = (int)port;
    return true;
}

static void on_told(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    struct redis_place place = {.port = 0};
    char reason[REDIS_REASON_SIZE];
    if (redis->phase != REDIS_PHASE_ASKING)
        return;
    if (answer->status != STATUS_OK) {
        bool refused = answer->fault == REDIS_FAULT_PASSWORD || answer->fault == REDIS_FAULT_PERMISSION;
        give_up(redis, answer->fault,
                refused ? "it refuses redis.sentinel_username or redis.sentinel_password"
                        : redis_fault_sentence(answer->fault));
    } else if (answer->reply->type == REDIS_REPLY_NIL) {
        snprintf(reason, sizeof reason, "it watches no primary named %.100s (the host of redis.url)",
                 redis->url.host);
        give_up(redis, REDIS_FAULT_SENTINEL, reason);
    } else if (!read_place(answer->reply, &place)) {
        give_up(redis, REDIS_FAULT_PROTOCOL, redis_fault_sentence(REDIS_FAULT_PROTOCOL));
    } else if (!redis->tls && !redis->plaintext_trusted && !redis_host_is_local(place.host)) {
        give_up(redis, REDIS_FAULT_SENTINEL,
                "it names a primary that is not on loopback, to which plaintext is not allowed: use "
                "rediss://, or say security.plaintext = trusted_network");
    } else {
        redis->place = place;
        redis->told = true;
        redis_drop(redis, REDIS_FAULT_NONE, "");
    }
}

static void on_login(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    if (redis->phase == REDIS_PHASE_ASKING && answer->status != STATUS_OK)
        on_told(context, answer);
}

static bool ask(struct redis *redis, const struct text arguments[], size_t count, redis_answered *answered)
{
    buffer_reset(&redis->command);
    redis_format(&redis->command, arguments, count);
    return redis_enqueue(redis, buffer_text(&redis->command), answered, redis);
}

void redis_ask_sentinel(struct redis *redis)
{
    struct text user = text_of(redis->sentinel_user), password = text_of(redis->sentinel_password);
    bool sent = true;
    if (user.size)
        sent = ask(redis, (struct text[]){TEXT("AUTH"), user, password}, 3, on_login);
    else if (password.size)
        sent = ask(redis, (struct text[]){TEXT("AUTH"), password}, 2, on_login);
    buffer_clear(&redis->command); /* secret: wipes the password */
    sent = sent &&
           ask(redis,
               (struct text[]){TEXT("SENTINEL"), TEXT("GET-MASTER-ADDR-BY-NAME"), text_of(redis->url.host)},
               3, on_told);
    (void)sent; /* a failure has given the connection up, with its reason */
}
