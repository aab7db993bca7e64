/* Those who wait are in one of two lists: under way, whose WAIT is sent, and next, who came meanwhile.  A
 * place in a list is the settlement's until its callback is called. */
#include "io/redis_settlement.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"

enum { COMMAND_LIMIT = 512 };

struct waiter {
    record_store_callback *done;
    void *done_context;
    struct waiter *next;
};

struct redis_settlement {
    struct redis *redis;
    unsigned replicas;
    struct buffer command; /* both, formatted once */
    size_t publish_size;   /* of the first */
    struct waiter *under_way, *next, **last;
    bool behind;    /* the last round was in vain */
    bool published; /* Redis took the PUBLISH of what is under way */
};

static void answer(struct waiter *waiter, bool settled, const char *why)
{
    struct error error;
    struct record_store_reply reply = {.status = STATUS_OK};
    if (!settled) {
        reply.status = error_set(&error, STATUS_TIMEOUT, "%s", why);
        reply.error = &error;
    }
    waiter->done(waiter->done_context, &reply);
    free(waiter);
}

static void run(struct redis_settlement *settlement);

/* Whoever is told may ask again at once, and then is next. */
static void end_round(struct redis_settlement *settlement, bool settled, const char *why)
{
    struct waiter *waiter = settlement->under_way;
    settlement->under_way = NULL;
    if (settled == settlement->behind)
        log_write(settled ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
                  settled ? "replicas of Redis have what was written again" : "replicas of Redis are behind",
                  LOG_TEXT("reason", why));
    settlement->behind = !settled;
    while (waiter) {
        struct waiter *following = waiter->next;
        answer(waiter, settled, why);
        waiter = following;
    }
    if (settlement->next && !settlement->under_way)
        run(settlement);
}

static void on_published(void *context, const struct redis_answer *answered)
{
    struct redis_settlement *settlement = context;
    settlement->published = answered->status == STATUS_OK;
}

static void on_waited(void *context, const struct redis_answer *answered)
{
    struct redis_settlement *settlement = context;
    bool told = answered->status == STATUS_OK && answered->reply->type == REDIS_REPLY_INTEGER;
    if (!told || !settlement->published)
        end_round(settlement, false, "Redis did not say whether its replicas have what was written");
    else if (answered->reply->integer < (long long)settlement->replicas)
        end_round(settlement, false, "too few replicas of Redis have what was written (redis.wait_replicas)");
    else
        end_round(settlement, true, "");
}

static void run(struct redis_settlement *settlement)
{
    struct text both = buffer_text(&settlement->command);
    struct text publish = {both.bytes, settlement->publish_size};
    struct text wait = {both.bytes + publish.size, both.size - publish.size};
    settlement->under_way = settlement->next;
    settlement->next = NULL;
    settlement->last = &settlement->next;
    settlement->published = false;
    if (redis_send(settlement->redis, publish, on_published, settlement, NULL) != STATUS_OK ||
        redis_send(settlement->redis, wait, on_waited, settlement, NULL) != STATUS_OK)
        end_round(settlement, false, "Redis went away before its replicas were asked");
}

void redis_settlement_wait(struct redis_settlement *settlement, record_store_callback *done,
                           void *done_context)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter) {
        struct error error;
        struct record_store_reply reply = {.status = STATUS_TIMEOUT, .error = &error};
        (void)error_set(&error, STATUS_TIMEOUT, "no memory to wait for Redis's replicas");
        done(done_context, &reply);
        return;
    }
    *waiter = (struct waiter){.done = done, .done_context = done_context};
    *settlement->last = waiter;
    settlement->last = &waiter->next;
    if (!settlement->under_way)
        run(settlement);
}

enum status redis_settlement_new(struct redis *redis, unsigned replicas, int64_t timeout_ms,
                                 struct redis_settlement **result, struct error *error)
{
    char channel[REDIS_PREFIX_MOST + 16], count[16], timeout[24];
    struct redis_settlement *settlement = calloc(1, sizeof *settlement);
    *result = NULL;
    if (!settlement)
        return error_set(error, STATUS_MEMORY, "no memory to wait for Redis's replicas");
    settlement->redis = redis;
    settlement->replicas = replicas;
    settlement->last = &settlement->next;
    buffer_init(&settlement->command, COMMAND_LIMIT);
    snprintf(channel, sizeof channel, "%s:settled", redis_prefix(redis));
    snprintf(count, sizeof count, "%u", replicas);
    snprintf(timeout, sizeof timeout, "%lld", (long long)timeout_ms);
    redis_format(&settlement->command, (struct text[]){TEXT("PUBLISH"), text_of(channel), TEXT("")}, 3);
    settlement->publish_size = settlement->command.size;
    redis_format(&settlement->command, (struct text[]){TEXT("WAIT"), text_of(count), text_of(timeout)}, 3);
    if (settlement->command.failed) {
        redis_settlement_free(&settlement);
        return error_set(error, STATUS_MEMORY, "no memory to wait for Redis's replicas");
    }
    *result = settlement;
    return STATUS_OK;
}

void redis_settlement_free(struct redis_settlement **settlement)
{
    if (!*settlement)
        return;
    assert(!(*settlement)->under_way && !(*settlement)->next);
    buffer_clear(&(*settlement)->command);
    free(*settlement);
    *settlement = NULL;
}
