/* Each call is a request from a free list: its command's bytes (kept until the answer, in case Redis forgot
 * the script and must be told again) and whom to call.  Requests keep their memory, so the steady state
 * allocates nothing here.  Values may hold a seed: the bytes are wiped when a request ends.  A command that
 * Redis surely did not do is UNAVAILABLE, one without an answer is TIMEOUT: the decider asks again and finds
 * its own owner. */
#include "io/redis_record_store.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/redis_record_command.h"
#include "io/redis_settlement.h"

enum { SCRIPT_PLAIN, SCRIPT_ALLOW_OOM, COMMAND_LIMIT = 64 * 1024, SHARED_TIME_MS = 10 };

extern const unsigned char swap_script[];
extern const size_t swap_script_size;

struct request {
    struct redis_record_store *store;
    record_store_callback *done;
    void *done_context;
    struct request *next; /* in the free list */
    struct buffer command;
    size_t count;
    bool resent;
};

struct redis_record_store {
    struct redis *redis;
    struct request *free;
    struct redis_settlement *settlement; /* NULL: no replica is waited for */
    struct buffer time;                  /* the command TIME, formatted once */
    bool time_asked;                     /* one is under way */
    int64_t time_asked_ms;               /* since when, by CLOCK_BOOTTIME */
    int64_t now_ms;                      /* what the last one said; 0: nothing that makes sense */
    char prefix[REDIS_PREFIX_MOST + 2];  /* with the colon before a key */
    size_t prefix_size;
};

void redis_record_store_scripts(struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS])
{
    struct text body = {(const char *)swap_script, swap_script_size};
    /* Without flags, a script with a first line is refused as a whole where Redis is full (redis.io, "EVAL
     * scripts", script flags); `allow-oom` lets it go on. */
    scripts[SCRIPT_PLAIN] = (struct redis_script){TEXT("#!lua\n"), body};
    scripts[SCRIPT_ALLOW_OOM] = (struct redis_script){TEXT("#!lua flags=allow-oom\n"), body};
}

/* NULL: there is no memory, and the caller was told. */
static struct request *take_request(struct redis_record_store *store, size_t count,
                                    record_store_callback *done, void *done_context)
{
    struct request *request = store->free;
    if (request) {
        store->free = request->next;
    } else {
        request = malloc(sizeof *request);
        if (!request) {
            struct error error;
            (void)error_set(&error, STATUS_UNAVAILABLE, "no memory for a question to Redis");
            done(done_context, &(struct record_store_reply){.status = STATUS_UNAVAILABLE, .error = &error});
            return NULL;
        }
        buffer_init_secret(&request->command, COMMAND_LIMIT);
    }
    struct buffer command = request->command;
    *request = (struct request){
        .store = store, .done = done, .done_context = done_context, .command = command, .count = count};
    return request;
}

/* Ends the request before its caller hears of it, so that the caller may ask again at once. */
static void finish(struct request *request, const struct record_store_reply *reply)
{
    record_store_callback *done = request->done;
    void *done_context = request->done_context;
    buffer_reset(&request->command);
    request->next = request->store->free;
    request->store->free = request;
    done(done_context, reply);
}

static void finish_error(struct request *request, enum status status, const char *text)
{
    struct error error;
    struct record_store_reply reply = {.status = status, .error = &error};
    (void)error_set(&error, status, "%s", text);
    finish(request, &reply);
}

static enum status status_of(const struct redis_answer *answer)
{
    switch (answer->fault) {
    case REDIS_FAULT_MEMORY:
        return STATUS_FULL;
    case REDIS_FAULT_PASSWORD:
    case REDIS_FAULT_PERMISSION:
        return answer->may_have_happened ? STATUS_TIMEOUT : STATUS_DENIED;
    case REDIS_FAULT_OVERSIZED:
        return STATUS_INVALID;
    case REDIS_FAULT_OTHER:
    case REDIS_FAULT_PROTOCOL:
        return STATUS_INTERNAL;
    default:
        return answer->may_have_happened ? STATUS_TIMEOUT : STATUS_UNAVAILABLE;
    }
}

static void finish_failed(struct request *request, const struct redis_answer *answer)
{
    finish_error(request, status_of(answer), answer->text);
}

/* Fills the values from an array of strings and nils; false when it is something else. */
static bool read_values(const redisReply *array, size_t count, struct record_store_reply *reply)
{
    if (array->type != REDIS_REPLY_ARRAY || array->elements != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const redisReply *value = array->element[i];
        if (value->type == REDIS_REPLY_STRING)
            reply->values[i] = (struct text){value->str, (size_t)value->len};
        else if (value->type != REDIS_REPLY_NIL)
            return false;
    }
    reply->count = count;
    return true;
}

static void on_time(void *context, const struct redis_answer *answer)
{
    struct redis_record_store *store = context;
    store->time_asked = false;
    store->now_ms = answer->status == STATUS_OK ? redis_reply_time_ms(answer->reply) : 0;
    if (store->now_ms)
        redis_note_time(store->redis, store->now_ms);
}

/* A lease counts from this time in Redis and from before the read in its worker, which leaves off seconds: so
 * a TIME that was asked for before the read must not have been asked for long, however late it is answered.
 */
static enum status ask_time(struct redis_record_store *store, struct error *error)
{
    int64_t now = clock_boottime_ms();
    if (store->time_asked && now - store->time_asked_ms < SHARED_TIME_MS)
        return STATUS_OK;
    enum status status = redis_send(store->redis, buffer_text(&store->time), on_time, store, error);
    if (status != STATUS_OK)
        return status;
    store->time_asked = true;
    store->time_asked_ms = now;
    return STATUS_OK;
}

static void on_values(void *context, const struct redis_answer *answer)
{
    struct request *request = context;
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = request->store->now_ms};
    if (FAILPOINT("redis.read.answer"))
        finish_error(request, STATUS_TIMEOUT, "a failpoint");
    else if (answer->status != STATUS_OK)
        finish_failed(request, answer);
    else if (reply.now_ms <= 0 || !read_values(answer->reply, request->count, &reply))
        finish_error(request, STATUS_INTERNAL, "what came from Redis is no answer to TIME and MGET");
    else
        finish(request, &reply);
}

static struct text prefix_of(const struct redis_record_store *store)
{
    return (struct text){store->prefix, store->prefix_size};
}

static void store_read(void *context, const struct text *keys, size_t count, record_store_callback *done,
                       void *done_context)
{
    struct redis_record_store *store = context;
    struct error error;
    struct request *request = take_request(store, count, done, done_context);
    if (!request)
        return;
    redis_record_command_read(&request->command, prefix_of(store), keys, count);
    if (count == 0 || count > RECORD_STORE_KEYS_MOST) {
        finish_error(request, STATUS_INVALID, "a read names no key, or too many keys");
        return;
    }
    if (request->command.failed || FAILPOINT("redis.read")) {
        finish_error(request, STATUS_UNAVAILABLE, "no memory for a question to Redis");
        return;
    }
    if (ask_time(store, &error) != STATUS_OK ||
        redis_send(store->redis, buffer_text(&request->command), on_values, request, &error) != STATUS_OK)
        finish_error(request, STATUS_UNAVAILABLE, error.text);
}

static void on_swapped(void *context, const struct redis_answer *answer)
{
    struct request *request = context;
    struct redis *redis = request->store->redis;
    struct record_store_reply reply = {.status = STATUS_OK};
    if (answer->fault == REDIS_FAULT_NO_SCRIPT && !request->resent) {
        request->resent = true;
        redis_reload_scripts(redis);
        if (redis_send(redis, buffer_text(&request->command), on_swapped, request, NULL) != STATUS_OK)
            finish_failed(request, answer);
        return;
    }
    if (FAILPOINT("redis.swap.answer")) {
        finish_error(request, STATUS_TIMEOUT, "a failpoint");
        return;
    }
    if (answer->status != STATUS_OK) {
        finish_failed(request, answer);
        return;
    }
    const redisReply *said = answer->reply;
    if (said->type == REDIS_REPLY_INTEGER && said->integer == 1) {
        finish(request, &reply);
        return;
    }
    reply.now_ms = redis_reply_time_ms(said);
    if (reply.now_ms <= 0 || said->elements != 3 || !read_values(said->element[2], request->count, &reply)) {
        finish_error(request, STATUS_INTERNAL, "what came from Redis is no answer of the swap script");
        return;
    }
    redis_note_time(redis, reply.now_ms);
    reply.status = STATUS_CONFLICT;
    finish(request, &reply);
}

static bool changes_fit(const struct record_store_change *changes, size_t count)
{
    for (size_t i = 0; i < count && count <= RECORD_STORE_KEYS_MOST; i++)
        if (changes[i].key.size > RECORD_STORE_KEY_MOST ||
            (changes[i].action == RECORD_STORE_SET && changes[i].value.size > RECORD_STORE_VALUE_MOST))
            return false;
    return count > 0 && count <= RECORD_STORE_KEYS_MOST;
}

static void store_swap(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                       record_store_callback *done, void *done_context)
{
    struct redis_record_store *store = context;
    struct error error;
    struct request *request = take_request(store, count, done, done_context);
    if (!request)
        return;
    if (!changes_fit(changes, count)) {
        finish_error(request, STATUS_INVALID,
                     "a swap names no key or too many, or a key or value is too long");
        return;
    }
    struct buffer *command = &request->command;
    redis_record_command_swap(command,
                              redis_script_sha(store->redis, allow_oom ? SCRIPT_ALLOW_OOM : SCRIPT_PLAIN),
                              prefix_of(store), changes, count);
    if (command->failed || FAILPOINT("redis.swap"))
        finish_error(request, STATUS_UNAVAILABLE, "no memory for a question to Redis");
    else if (redis_send(store->redis, buffer_text(command), on_swapped, request, &error) != STATUS_OK)
        finish_error(request, STATUS_UNAVAILABLE, error.text);
}

static void store_settle(void *context, record_store_callback *done, void *done_context)
{
    struct redis_record_store *store = context;
    redis_settlement_wait(store->settlement, done, done_context);
}

static const struct record_store_operations operations = {.read = store_read, .swap = store_swap};
static const struct record_store_operations settling = {
    .read = store_read, .swap = store_swap, .settle = store_settle};

enum status redis_record_store_settle(struct redis_record_store *store, unsigned replicas, int64_t timeout_ms,
                                      struct error *error)
{
    return redis_settlement_new(store->redis, replicas, timeout_ms, &store->settlement, error);
}

enum status redis_record_store_new(struct redis *redis, struct redis_record_store **result,
                                   struct error *error)
{
    *result = NULL;
    struct redis_record_store *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(error, STATUS_MEMORY, "no memory for the record store");
    store->redis = redis;
    int prefix_size = snprintf(store->prefix, sizeof store->prefix, "%s:", redis_prefix(redis));
    assert(prefix_size > 0 && (size_t)prefix_size < sizeof store->prefix);
    store->prefix_size = (size_t)prefix_size;
    buffer_init(&store->time, 64);
    redis_format(&store->time, (struct text[]){TEXT("TIME")}, 1);
    if (store->time.failed) {
        redis_record_store_free(&store);
        return error_set(error, STATUS_MEMORY, "no memory for the record store");
    }
    *result = store;
    return STATUS_OK;
}

void redis_record_store_free(struct redis_record_store **store)
{
    if (!*store)
        return;
    while ((*store)->free) {
        struct request *request = (*store)->free;
        (*store)->free = request->next;
        buffer_clear(&request->command);
        free(request);
    }
    buffer_clear(&(*store)->time);
    redis_settlement_free(&(*store)->settlement);
    free(*store);
    *store = NULL;
}

struct record_store redis_record_store_port(struct redis_record_store *store)
{
    return (struct record_store){store->settlement ? &settling : &operations, store};
}
