/* The connection and the commands in flight.  hiredis keeps order, so what is in flight is a ring: each
 * answer belongs to the oldest.  One timer watches the oldest alone.  Whatever ends a connection (the other
 * side, a deadline, a fault that only a new connection heals) goes one way: hiredis answers all commands with
 * nothing, lets the adapter go, and the next try is scheduled with backoff and jitter.  Owns hiredis's
 * context until hiredis says that it is gone. */
#include "io/redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "core/backoff.h"
#include "io/clock.h"
#include "io/redis_connection.h"

static const struct backoff reconnect_backoff = {.first_ms = 100, .most_ms = 5000};

void redis_arm_deadline(struct redis *redis, int64_t ms)
{
    struct timeval wait = clock_span(ms > 1 ? ms : 1);
    redis->deadline_armed = event_add(redis->deadline, &wait) == 0;
}

static void schedule_reconnect(struct redis *redis, int64_t ms)
{
    struct timeval wait = clock_span(ms);
    event_add(redis->reconnect, &wait);
}

/* The connection is no more: say why, and try again later. */
void redis_connection_ended(struct redis *redis)
{
    redis->link = NULL;
    event_del(redis->deadline);
    redis->deadline_armed = false;
    if (redis->phase == REDIS_PHASE_CLOSED)
        return;
    redis->phase = REDIS_PHASE_DOWN;
    if (redis->told) { /* by a Sentinel, which is not needed any more */
        schedule_reconnect(redis, 0);
        return;
    }
    redis->failures++;
    redis->sentinel_turn++;
    schedule_reconnect(redis, backoff_delay(&reconnect_backoff, redis->failures, randombytes_random()));
    if (redis->events.down)
        redis->events.down(redis->events.context, redis->lost, redis->reason);
}

/* Remembers the first reason; later ones only follow from it. */
void redis_note_loss(struct redis *redis, enum redis_fault fault, const char *reason)
{
    if (redis->phase != REDIS_PHASE_CLOSED)
        redis->phase = REDIS_PHASE_DOWN;
    if (redis->lost != REDIS_FAULT_NONE)
        return;
    redis->lost = fault;
    snprintf(redis->reason, sizeof redis->reason, "%s", reason);
}

void redis_note_hiredis_loss(struct redis *redis, const redisAsyncContext *link)
{
    char reason[REDIS_REASON_SIZE];
    if (link->err == REDIS_ERR_PROTOCOL) {
        redis_note_loss(redis, REDIS_FAULT_PROTOCOL, redis_fault_sentence(REDIS_FAULT_PROTOCOL));
        return;
    }
    snprintf(reason, sizeof reason, "%s at %s cannot be reached: %s",
             redis->phase == REDIS_PHASE_ASKING ? "the Sentinel" : "Redis",
             redis->url.path[0] ? redis->url.path : redis->place.host,
             link->err && link->errstr ? link->errstr : "the connection was closed");
    redis_note_loss(redis, REDIS_FAULT_CONNECTION, reason);
}

void redis_drop(struct redis *redis, enum redis_fault fault, const char *reason)
{
    redis_note_loss(redis, fault, reason);
    if (redis->link)
        redisAsyncFree(redis->link); /* within one of its callbacks: when that returns */
}

void redis_become_ready(struct redis *redis)
{
    redis->phase = REDIS_PHASE_READY;
    redis->failures = 0;
    event_del(redis->deadline);
    redis->deadline_armed = false;
    if (redis->events.ready)
        redis->events.ready(redis->events.context);
}

void redis_on_deadline(evutil_socket_t socket, short what, void *context)
{
    struct redis *redis = context;
    char reason[REDIS_REASON_SIZE];
    int64_t now = clock_monotonic_ms();
    bool greeting = redis->phase == REDIS_PHASE_GREETING || redis->phase == REDIS_PHASE_ASKING;
    (void)socket, (void)what;
    redis->deadline_armed = false;
    if (!greeting && redis->pending == 0)
        return;
    int64_t since = greeting ? redis->started_ms : redis->ring[redis->head].sent_ms;
    int64_t limit = greeting ? redis->connect_timeout_ms : redis->command_timeout_ms;
    if (now - since < limit) {
        redis_arm_deadline(redis, limit - (now - since));
        return;
    }
    snprintf(reason, sizeof reason, "%s did not answer %s within %lld ms",
             redis->phase == REDIS_PHASE_ASKING ? "the Sentinel" : "Redis",
             greeting ? "the greeting" : "a command", (long long)limit);
    redis_drop(redis, REDIS_FAULT_TIMEOUT, reason);
}

/* A fault that no further command on this connection is spared: after the answers that are due, connect anew.
 */
static bool needs_another_connection(enum redis_fault fault)
{
    return fault == REDIS_FAULT_READONLY || fault == REDIS_FAULT_LOADING || fault == REDIS_FAULT_PASSWORD ||
           fault == REDIS_FAULT_CLUSTER;
}

static struct redis_answer judge(struct redis *redis, const redisAsyncContext *link, const redisReply *reply)
{
    struct redis_answer answer = {.status = STATUS_OK, .reply = reply};
    if (reply && reply->type != REDIS_REPLY_ERROR)
        return answer;
    if (reply) {
        answer.fault = redis_fault_of(reply->str, (size_t)reply->len);
        answer.may_have_happened = answer.fault == REDIS_FAULT_OTHER;
    } else {
        redis_note_hiredis_loss(redis, link);
        answer.fault = redis->oversized ? REDIS_FAULT_OVERSIZED : redis->lost;
        answer.may_have_happened = true;
        redis->oversized = false;
    }
    bool speaks_for_itself = reply || answer.fault == REDIS_FAULT_TIMEOUT ||
                             answer.fault == REDIS_FAULT_PROTOCOL || answer.fault == REDIS_FAULT_OVERSIZED;
    answer.status = speaks_for_itself ? redis_fault_status(answer.fault) : STATUS_UNAVAILABLE;
    answer.text = redis_fault_sentence(answer.fault);
    answer.reply = NULL;
    return answer;
}

static void on_reply(redisAsyncContext *link, void *reply, void *context)
{
    struct redis *redis = link->data;
    (void)context;
    assert(redis->pending > 0);
    struct redis_pending oldest = redis->ring[redis->head];
    redis->head = redis->head + 1 == redis->ring_size ? 0 : redis->head + 1;
    redis->pending--;
    struct redis_answer answer = judge(redis, link, reply);
    if (redis->phase == REDIS_PHASE_READY && needs_another_connection(answer.fault)) {
        redis_note_loss(redis, answer.fault, answer.text);
        redisAsyncDisconnect(link);
    }
    oldest.answered(oldest.context, &answer);
}

bool redis_enqueue(struct redis *redis, struct text command, redis_answered *answered, void *context)
{
    if (!redis->link || redis->pending == redis->ring_size || command.size == 0)
        return false;
    int64_t now = clock_monotonic_ms();
    if (redisAsyncFormattedCommand(redis->link, on_reply, NULL, command.bytes, command.size) != REDIS_OK) {
        redis_drop(redis, REDIS_FAULT_CONNECTION, "no memory for a command to Redis");
        return false;
    }
    redis_adapter_appended(redis->link, command.size);
    size_t tail = redis->head + redis->pending++;
    redis->ring[tail < redis->ring_size ? tail : tail - redis->ring_size] =
        (struct redis_pending){answered, context, now};
    if (!redis->deadline_armed)
        redis_arm_deadline(redis, redis->command_timeout_ms);
    return true;
}

enum status redis_send(struct redis *redis, struct text command, redis_answered *answered, void *context,
                       struct error *error)
{
    if (redis->phase != REDIS_PHASE_READY)
        return error_set(error, STATUS_UNAVAILABLE, "Redis is not ready: %s", redis->reason);
    if (redis->pending >= redis->most_pending)
        return error_set(error, STATUS_FULL, "%zu commands wait for Redis, which is the most",
                         redis->pending);
    if (!redis_enqueue(redis, command, answered, context))
        return error_set(error, STATUS_UNAVAILABLE,
                         "a command cannot be handed to Redis: no memory, or it is empty");
    return STATUS_OK;
}

void redis_format(struct buffer *command, const struct text arguments[], size_t count)
{
    buffer_append_byte(command, '*');
    buffer_append_number(command, (long long)count);
    buffer_append(command, "\r\n", 2);
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(command, '$');
        buffer_append_number(command, (long long)arguments[i].size);
        buffer_append(command, "\r\n", 2);
        buffer_append_text(command, arguments[i]);
        buffer_append(command, "\r\n", 2);
    }
    /* hiredis (0.14, async.c) looks for a second argument behind a command that has but one. */
    char *behind = buffer_reserve(command, 1);
    if (behind)
        *behind = '\0';
}

enum status redis_command(struct redis *redis, const struct text arguments[], size_t count,
                          redis_answered *answered, void *context, struct error *error)
{
    buffer_reset(&redis->command);
    redis_format(&redis->command, arguments, count);
    if (redis->command.failed)
        return error_set(error, STATUS_FULL, "a command to Redis is larger than %zu bytes",
                         redis->command.limit);
    return redis_send(redis, buffer_text(&redis->command), answered, context, error);
}

bool redis_is_ready(const struct redis *redis)
{
    return redis->phase == REDIS_PHASE_READY;
}

size_t redis_pending(const struct redis *redis)
{
    return redis->pending;
}

const char *redis_prefix(const struct redis *redis)
{
    return redis->prefix;
}

struct text redis_script_sha(const struct redis *redis, size_t script)
{
    return (struct text){redis->sha[script], REDIS_SHA_LENGTH};
}
