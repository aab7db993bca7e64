/* Each call is a request from a free list: its command's bytes (kept until the answer, in case Redis forgot
 * the script and must be told again) and whom to call.  Requests keep their memory, so the steady state
 * allocates nothing here.  Values may hold a seed: the bytes are wiped when a request ends.  A command that
 * Redis surely did not do is UNAVAILABLE, one without an answer is TIMEOUT: the decider asks again and finds
 * its own owner. */
#include "io/redis_record_store.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum { SCRIPT_PLAIN, SCRIPT_ALLOW_OOM, COMMAND_LIMIT = 64 * 1024, ARGUMENTS_PER_KEY = 4 };

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
    bool time_answered, values_refused; /* of a read, whose two commands may end apart */
    int64_t now_ms;
};

struct redis_record_store {
    struct redis *redis;
    struct request *free;
    struct buffer time; /* the command TIME, formatted once */
    struct text prefix;
};

void redis_record_store_scripts(struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS])
{
    struct text body = {(const char *)swap_script, swap_script_size};
    /* Without flags, a script with a first line is refused as a whole where Redis is full (redis.io, "EVAL
     * scripts", script flags); `allow-oom` lets it go on. */
    scripts[SCRIPT_PLAIN] = (struct redis_script){TEXT("#!lua\n"), body};
    scripts[SCRIPT_ALLOW_OOM] = (struct redis_script){TEXT("#!lua flags=allow-oom\n"), body};
}

static struct request *take_request(struct redis_record_store *store, size_t count,
                                    record_store_callback *done, void *done_context)
{
    struct request *request = store->free;
    if (request) {
        store->free = request->next;
    } else {
        request = malloc(sizeof *request);
        if (!request)
            return NULL;
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

static void append_argument(struct buffer *command, struct text argument)
{
    buffer_append_byte(command, '$');
    buffer_append_number(command, (long long)argument.size);
    buffer_append(command, "\r\n", 2);
    buffer_append_text(command, argument);
    buffer_append(command, "\r\n", 2);
}

static void append_number(struct buffer *command, int64_t number)
{
    char bytes[24];
    struct buffer digits = {.bytes = bytes, .capacity = sizeof bytes, .limit = sizeof bytes};
    buffer_append_number(&digits, number);
    append_argument(command, buffer_text(&digits));
}

static void append_head(struct buffer *command, size_t arguments)
{
    buffer_append_byte(command, '*');
    buffer_append_number(command, (long long)arguments);
    buffer_append(command, "\r\n", 2);
}

static void append_key(const struct redis_record_store *store, struct buffer *command, struct text key)
{
    buffer_append_byte(command, '$');
    buffer_append_number(command, (long long)(store->prefix.size + 1 + key.size));
    buffer_append(command, "\r\n", 2);
    buffer_append_text(command, store->prefix);
    buffer_append_byte(command, ':');
    buffer_append_text(command, key);
    buffer_append(command, "\r\n", 2);
}

static void on_time(void *context, const struct redis_answer *answer)
{
    struct request *request = context;
    request->time_answered = true;
    if (answer->status == STATUS_OK)
        request->now_ms = redis_reply_time_ms(answer->reply);
    if (request->now_ms)
        redis_note_time(request->store->redis, request->now_ms);
    if (request->values_refused)
        finish_error(request, STATUS_UNAVAILABLE, "Redis took one command of a read and not the other");
}

static void on_values(void *context, const struct redis_answer *answer)
{
    struct request *request = context;
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = request->now_ms};
    if (answer->status != STATUS_OK)
        finish_failed(request, answer);
    else if (request->now_ms <= 0 || !read_values(answer->reply, request->count, &reply))
        finish_error(request, STATUS_INTERNAL, "what came from Redis is no answer to TIME and MGET");
    else
        finish(request, &reply);
}

static void store_read(void *context, const struct text *keys, size_t count, record_store_callback *done,
                       void *done_context)
{
    struct redis_record_store *store = context;
    struct error error;
    struct request *request = take_request(store, count, done, done_context);
    if (!request) {
        (void)error_set(&error, STATUS_UNAVAILABLE, "no memory for a question to Redis");
        done(done_context, &(struct record_store_reply){.status = STATUS_UNAVAILABLE, .error = &error});
        return;
    }
    append_head(&request->command, 1 + count);
    append_argument(&request->command, TEXT("MGET"));
    for (size_t i = 0; i < count; i++)
        append_key(store, &request->command, keys[i]);
    if (count == 0 || count > RECORD_STORE_KEYS_MOST) {
        finish_error(request, STATUS_INVALID, "a read names no key, or too many keys");
        return;
    }
    if (request->command.failed) {
        finish_error(request, STATUS_UNAVAILABLE, "no memory for a question to Redis");
        return;
    }
    if (redis_send(store->redis, buffer_text(&store->time), on_time, request, &error) != STATUS_OK) {
        finish_error(request, STATUS_UNAVAILABLE, error.text);
        return;
    }
    if (redis_send(store->redis, buffer_text(&request->command), on_values, request, &error) == STATUS_OK)
        return;
    request->values_refused = true;
    if (request->time_answered)
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

/* The letters, the bytes and the expiry of one key, as io/swap.lua reads them. */
static void append_change(struct buffer *command, const struct record_store_change *change)
{
    static const char actions[] = {[RECORD_STORE_KEEP] = 'k',
                                   [RECORD_STORE_SET] = 's',
                                   [RECORD_STORE_DELETE] = 'd',
                                   [RECORD_STORE_COUNT] = 'c'};
    bool compared = change->compared, sets = change->action == RECORD_STORE_SET;
    char letters[2] = {'*', actions[change->action]};
    if (compared)
        letters[0] = change->expected.bytes ? '=' : '-';
    append_argument(command, (struct text){letters, sizeof letters});
    append_argument(command, compared && change->expected.bytes ? change->expected : TEXT(""));
    append_argument(command, sets ? change->value : TEXT(""));
    append_number(command, sets || change->action == RECORD_STORE_COUNT ? change->expires_at_ms : 0);
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
    if (!request) {
        (void)error_set(&error, STATUS_UNAVAILABLE, "no memory for a question to Redis");
        done(done_context, &(struct record_store_reply){.status = STATUS_UNAVAILABLE, .error = &error});
        return;
    }
    if (!changes_fit(changes, count)) {
        finish_error(request, STATUS_INVALID,
                     "a swap names no key or too many, or a key or value is too long");
        return;
    }
    struct buffer *command = &request->command;
    append_head(command, 3 + count * (1 + ARGUMENTS_PER_KEY));
    append_argument(command, TEXT("EVALSHA"));
    append_argument(command, redis_script_sha(store->redis, allow_oom ? SCRIPT_ALLOW_OOM : SCRIPT_PLAIN));
    append_number(command, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        append_key(store, command, changes[i].key);
    for (size_t i = 0; i < count; i++)
        append_change(command, &changes[i]);
    if (command->failed)
        finish_error(request, STATUS_UNAVAILABLE, "no memory for a question to Redis");
    else if (redis_send(store->redis, buffer_text(command), on_swapped, request, &error) != STATUS_OK)
        finish_error(request, STATUS_UNAVAILABLE, error.text);
}

static const struct record_store_operations operations = {.read = store_read, .swap = store_swap};

enum status redis_record_store_new(struct redis *redis, struct redis_record_store **result,
                                   struct error *error)
{
    *result = NULL;
    struct redis_record_store *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(error, STATUS_MEMORY, "no memory for the record store");
    store->redis = redis;
    store->prefix = text_of(redis_prefix(redis));
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
    free(*store);
    *store = NULL;
}

struct record_store redis_record_store_port(struct redis_record_store *store)
{
    return (struct record_store){&operations, store};
}
