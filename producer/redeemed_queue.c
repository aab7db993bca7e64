/* A ring of fixed size, and beside it a table of chains over the same places, so that asking a redemption
 * again is found at once however many are under watch. */
#include "producer/redeemed_queue.h"

#include <assert.h>
#include <stdlib.h>

enum { CHAINS = 16384, NONE = -1 };

struct redeemed {
    struct uuid id;
    int64_t due_ms;
    int32_t next; /* of its chain */
};

struct redeemed_queue {
    struct redeemed places[REDEEMED_QUEUE_MOST];
    int32_t chains[CHAINS];
    size_t first, count;
};

struct redeemed_queue *redeemed_queue_new(void)
{
    struct redeemed_queue *queue = calloc(1, sizeof *queue);
    for (size_t i = 0; queue && i < CHAINS; i++)
        queue->chains[i] = NONE;
    return queue;
}

void redeemed_queue_free(struct redeemed_queue **queue)
{
    free(*queue);
    *queue = NULL;
}

/* The random end of a UUID of version 7, and any part of version 8, is spread well enough. */
static int32_t *chain_of(struct redeemed_queue *queue, const struct uuid *id)
{
    size_t hash = (size_t)id->bytes[12] << 16 | (size_t)id->bytes[13] << 8 | id->bytes[14];
    return &queue->chains[(hash ^ id->bytes[15]) % CHAINS];
}

static bool is_in(struct redeemed_queue *queue, const struct uuid *id)
{
    for (int32_t at = *chain_of(queue, id); at != NONE; at = queue->places[at].next)
        if (memcmp(queue->places[at].id.bytes, id->bytes, UUID_SIZE) == 0)
            return true;
    return false;
}

bool redeemed_queue_add(struct redeemed_queue *queue, const struct uuid *id, int64_t due_ms)
{
    if (is_in(queue, id))
        return true;
    if (queue->count == REDEEMED_QUEUE_MOST)
        return false;
    size_t at = (queue->first + queue->count) % REDEEMED_QUEUE_MOST;
    int32_t *chain = chain_of(queue, id);
    queue->places[at] = (struct redeemed){.id = *id, .due_ms = due_ms, .next = *chain};
    *chain = (int32_t)at;
    queue->count++;
    return true;
}

bool redeemed_queue_first(const struct redeemed_queue *queue, struct uuid *id, int64_t *due_ms)
{
    if (queue->count == 0)
        return false;
    *id = queue->places[queue->first].id;
    *due_ms = queue->places[queue->first].due_ms;
    return true;
}

void redeemed_queue_take(struct redeemed_queue *queue)
{
    assert(queue->count > 0);
    struct redeemed *gone = &queue->places[queue->first];
    int32_t *link = chain_of(queue, &gone->id);
    while (*link != (int32_t)queue->first)
        link = &queue->places[*link].next;
    *link = gone->next;
    queue->first = (queue->first + 1) % REDEEMED_QUEUE_MOST;
    queue->count--;
}
