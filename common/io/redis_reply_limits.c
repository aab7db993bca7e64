/* What a Redis may say at all.  hiredis keeps what comes until a reply is whole, makes arrays as large as
 * they say they are, and aborts on a reply that nobody waits for; so whoever speaks instead of our Redis
 * could take all memory, or end the process.  Here each piece of a reply passes on its way to hiredis's own
 * functions: what nobody asked for, what is no type of RESP 2, and what is larger than anything that we could
 * have asked for ends the connection.  Of a reply that is not whole, hiredis's buffer is measured before each
 * read. */
#include <hiredis/hiredis.h>

#include "io/redis_connection.h"

enum {
    PARTS_MOST = 512,        /* of one reply: strings, numbers, arrays */
    BYTES_MOST = 1024 * 1024 /* of one reply, and of what has come of the next */
};

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static bool refuse_size(struct redis *redis)
{
    redis->oversized = redis->pending > 0;
    redis_note_loss(redis, REDIS_FAULT_PROTOCOL,
                    "Redis answered with more than anything that we keep there is large");
    return false;
}

/* Whether a further part of a reply may come. hiredis takes a NULL for want of memory, and ends the
 * connection. */
static bool admit(const redisReadTask *task, size_t parts, size_t bytes)
{
    struct redis *redis = task->privdata;
    struct redis_replies *replies = &redis->replies;
    if (!task->parent) {
        replies->parts = replies->bytes = 0;
        if (redis->pending == 0) {
            redis_note_loss(redis, REDIS_FAULT_PROTOCOL, "Redis said something that nobody asked for");
            return false;
        }
    }
    if (parts > PARTS_MOST - replies->parts || bytes > BYTES_MOST - replies->bytes)
        return refuse_size(redis);
    replies->parts += parts;
    replies->bytes += bytes;
    return true;
}

static void *refuse_type(const redisReadTask *task)
{
    redis_note_loss(task->privdata, REDIS_FAULT_PROTOCOL, redis_fault_sentence(REDIS_FAULT_PROTOCOL));
    return NULL;
}

static const redisReplyObjectFunctions *library_of(const redisReadTask *task)
{
    return ((struct redis *)task->privdata)->replies.library;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t size)
{
    if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS &&
        task->type != REDIS_REPLY_ERROR)
        return refuse_type(task);
    return admit(task, 1, size) ? library_of(task)->createString(task, bytes, size) : NULL;
}

static void *create_array(const redisReadTask *task, element_count count)
{
    if (task->type != REDIS_REPLY_ARRAY)
        return refuse_type(task);
    /* each place costs memory before anything has come for it */
    bool admitted = (size_t)count < PARTS_MOST && admit(task, 1, (size_t)count * sizeof(void *));
    if (!admitted)
        (void)refuse_size(task->privdata); /* the first reason counts */
    return admitted ? library_of(task)->createArray(task, count) : NULL;
}

static void *create_integer(const redisReadTask *task, long long number)
{
    return admit(task, 1, 0) ? library_of(task)->createInteger(task, number) : NULL;
}

static void *create_nil(const redisReadTask *task)
{
    return admit(task, 1, 0) ? library_of(task)->createNil(task) : NULL;
}

#if HIREDIS_MAJOR >= 1
/* Types of RESP 3, for which nobody asked. */
static void *create_double(const redisReadTask *task, double number, char *bytes, size_t size)
{
    (void)number, (void)bytes, (void)size;
    return refuse_type(task);
}

static void *create_bool(const redisReadTask *task, int value)
{
    (void)value;
    return refuse_type(task);
}
#endif

void redis_limit_replies(struct redis *redis, redisAsyncContext *link)
{
    redisReader *reader = link->c.reader;
    struct redis_replies *replies = &redis->replies;
    replies->library = reader->fn;
    replies->limited = (redisReplyObjectFunctions)
    {
        .createString = create_string, .createArray = create_array, .createInteger = create_integer,
        .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
        .createDouble = create_double, .createBool = create_bool,
#endif
        .freeObject = reader->fn->freeObject,
    };
    reader->fn = &replies->limited;
    reader->privdata = redis;
}

bool redis_replies_have_room(redisAsyncContext *link)
{
    struct redis *redis = link->data;
    const redisReader *reader = link->c.reader;
    if (reader->len - reader->pos <= BYTES_MOST)
        return true;
    (void)refuse_size(redis);
    redis_drop(redis, REDIS_FAULT_PROTOCOL, "");
    return false;
}
