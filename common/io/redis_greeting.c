/* What must be known of a Redis before anything is asked of it: that it lets us in, its clock, that it is a
 * primary which never evicts, since when it has its data, that it has the scripts, and that its ACL lets us
 * run them.  Each answer is checked in order; the first that is wrong gives the connection up with a reason.
 * Reading `born` before writing it lets a full Redis greet, too. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/redis_connection.h"

enum { BORN_SIZE = REDIS_PREFIX_MOST + 8 };

/* Whether the greeting goes on; otherwise the connection is gone or has just been given up. */
static bool answered_well(struct redis *redis, const struct redis_answer *answer, int type,
                          const char *command)
{
    char reason[REDIS_REASON_SIZE];
    if (redis->phase != REDIS_PHASE_GREETING)
        return false;
    if (answer->status == STATUS_OK && answer->reply->type == type)
        return true;
    enum redis_fault fault = answer->status == STATUS_OK ? REDIS_FAULT_PROTOCOL : answer->fault;
    snprintf(reason, sizeof reason, "%s: %s%s", command, redis_fault_sentence(fault),
             fault == REDIS_FAULT_OTHER ? "; Redis 7 or newer is needed" : "");
    redis_drop(redis, fault, reason);
    return false;
}

static bool ask(struct redis *redis, const struct text arguments[], size_t count, redis_answered *answered)
{
    buffer_reset(&redis->command);
    redis_format(&redis->command, arguments, count);
    return redis_enqueue(redis, buffer_text(&redis->command), answered, redis);
}

static struct text reply_text(const struct redisReply *reply)
{
    return (struct text){reply->str, (size_t)reply->len};
}

/* The value of `name` in INFO's lines `name:value`; empty when it is not there. */
static struct text info_value(struct text info, const char *name)
{
    size_t length = strlen(name);
    while (info.size) {
        const char *end = memchr(info.bytes, '\n', info.size);
        size_t size = end ? (size_t)(end - info.bytes) : info.size;
        if (size > length && memcmp(info.bytes, name, length) == 0 && info.bytes[length] == ':') {
            struct text value = {info.bytes + length + 1, size - length - 1};
            if (value.size && value.bytes[value.size - 1] == '\r')
                value.size--;
            return value;
        }
        size += end ? 1 : 0;
        info = (struct text){info.bytes + size, info.size - size};
    }
    return (struct text){"", 0};
}

/* Whatever else is wrong with a script is not of this user, and is told where it is needed. */
static void on_tried(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    if (answer->fault == REDIS_FAULT_PERMISSION)
        (void)answered_well(redis, answer, REDIS_REPLY_INTEGER, "EVALSHA");
    else if (redis->phase == REDIS_PHASE_GREETING)
        redis_become_ready(redis);
}

static void format_born(const struct redis *redis, char key[static BORN_SIZE])
{
    snprintf(key, BORN_SIZE, "%s:born", redis->prefix);
}

/* The last script, on a key that is there, with the argument by which io/swap.lua compares and changes
 * nothing. */
static void try_script(struct redis *redis)
{
    char key[BORN_SIZE];
    format_born(redis, key);
    (void)ask(redis,
              (struct text[]){TEXT("EVALSHA"), redis_script_sha(redis, redis->script_count - 1), TEXT("1"),
                              text_of(key), TEXT("*k")},
              5, on_tried);
}

static void on_script(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    if (redis->scripts_loading == 0)
        return;
    size_t script = redis->script_count - redis->scripts_loading--;
    if (answer->status == STATUS_OK && answer->reply->type == REDIS_REPLY_STRING &&
        answer->reply->len == REDIS_SHA_LENGTH) {
        memcpy(redis->sha[script], answer->reply->str, REDIS_SHA_LENGTH + 1);
        if (redis->scripts_loading == 0 && redis->phase == REDIS_PHASE_GREETING)
            try_script(redis);
        return;
    }
    if (redis->phase == REDIS_PHASE_READY)
        redis_drop(redis, answer->fault, "SCRIPT LOAD failed");
    else
        (void)answered_well(redis, answer, REDIS_REPLY_STRING, "SCRIPT LOAD");
}

void redis_reload_scripts(struct redis *redis)
{
    if (redis->scripts_loading || !redis->link || redis->phase == REDIS_PHASE_DOWN)
        return;
    redis->scripts_loading = redis->script_count;
    for (size_t i = 0; i < redis->script_count; i++)
        if (!ask(redis, (struct text[]){TEXT("SCRIPT"), TEXT("LOAD"), buffer_text(&redis->scripts[i])}, 3,
                 on_script))
            return;
}

static void on_born(void *context, const struct redis_answer *answer);

static void on_nothing(void *context, const struct redis_answer *answer)
{
    (void)context, (void)answer;
}

static void ask_born(struct redis *redis, bool write)
{
    char key[BORN_SIZE], now[24];
    format_born(redis, key);
    snprintf(now, sizeof now, "%lld", (long long)redis->clock_redis_ms);
    if (write)
        (void)ask(redis, (struct text[]){TEXT("SET"), text_of(key), text_of(now), TEXT("NX")}, 4, on_nothing);
    if (redis->phase == REDIS_PHASE_GREETING)
        (void)ask(redis, (struct text[]){TEXT("GET"), text_of(key)}, 2, on_born);
}

static void on_born(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    bool missing = answer->status == STATUS_OK && answer->reply->type == REDIS_REPLY_NIL;
    if (missing && redis->born_ms == 0) {
        redis->born_ms = redis->clock_redis_ms; /* stays so where a full Redis refuses to write it */
        ask_born(redis, true);
        return;
    }
    if (!missing) {
        if (!answered_well(redis, answer, REDIS_REPLY_STRING, "GET of the key born"))
            return;
        redis->born_ms = strtoll(answer->reply->str, NULL, 10);
    }
    redis_reload_scripts(redis);
    if (redis->script_count == 0)
        redis_become_ready(redis);
}

static void on_info(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    char reason[REDIS_REASON_SIZE];
    if (!answered_well(redis, answer, REDIS_REPLY_STRING, "INFO"))
        return;
    struct text info = reply_text(answer->reply);
    struct text most = info_value(info, "maxmemory"), policy = info_value(info, "maxmemory_policy");
    if (text_equal(info_value(info, "role"), TEXT("slave"))) {
        redis_drop(redis, REDIS_FAULT_READONLY, redis_fault_sentence(REDIS_FAULT_READONLY));
    } else if (text_equal(info_value(info, "cluster_enabled"), TEXT("1"))) {
        redis_drop(redis, REDIS_FAULT_CLUSTER, redis_fault_sentence(REDIS_FAULT_CLUSTER));
    } else if (!text_equal(most, TEXT("0")) && !text_equal(policy, TEXT("noeviction"))) {
        snprintf(reason, sizeof reason,
                 "Redis evicts (maxmemory-policy %.*s): tokens would vanish; set maxmemory-policy noeviction",
                 (int)(policy.size < 32 ? policy.size : 32), policy.bytes);
        redis_drop(redis, REDIS_FAULT_EVICTS, reason);
    } else {
        redis->born_ms = 0;
        ask_born(redis, false);
    }
}

static void on_time(void *context, const struct redis_answer *answer)
{
    struct redis *redis = context;
    if (!answered_well(redis, answer, REDIS_REPLY_ARRAY, "TIME"))
        return;
    int64_t ms = redis_reply_time_ms(answer->reply);
    if (ms > 0)
        redis_note_time(redis, ms);
    else
        redis_drop(redis, REDIS_FAULT_PROTOCOL, "TIME: what came from Redis is no time");
}

static void on_login(void *context, const struct redis_answer *answer)
{
    (void)answered_well(context, answer, REDIS_REPLY_STATUS, "AUTH");
}

static void on_select(void *context, const struct redis_answer *answer)
{
    (void)answered_well(context, answer, REDIS_REPLY_STATUS, "SELECT");
}

void redis_greet(struct redis *redis)
{
    struct text user = text_of(redis->url.user), password = text_of(redis->url.password);
    char database[16];
    bool sent = true;
    snprintf(database, sizeof database, "%d", redis->url.database);
    redis->scripts_loading = 0;
    if (user.size)
        sent = ask(redis, (struct text[]){TEXT("AUTH"), user, password}, 3, on_login);
    else if (password.size)
        sent = ask(redis, (struct text[]){TEXT("AUTH"), password}, 2, on_login);
    buffer_clear(&redis->command); /* secret: wipes the password */
    sent = sent && ask(redis, (struct text[]){TEXT("CLIENT"), TEXT("SETNAME"), text_of(redis->client_name)},
                       3, on_nothing);
    if (redis->url.database)
        sent = sent && ask(redis, (struct text[]){TEXT("SELECT"), text_of(database)}, 2, on_select);
    sent = sent && ask(redis, (struct text[]){TEXT("TIME")}, 1, on_time);
    sent = sent &&
           ask(redis, (struct text[]){TEXT("INFO"), TEXT("memory"), TEXT("replication"), TEXT("cluster")}, 4,
               on_info);
    (void)sent; /* a failure has given the connection up, with its reason */
}
