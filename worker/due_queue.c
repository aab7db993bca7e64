/* A binary heap in one array that is allocated whole at the start: a full queue is simply not read into any
 * more, so it never grows.  Equal times keep no order; nothing depends on one. */
#include "worker/due_queue.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    int64_t due_ms;
    struct kafka_record *record;
};

struct due_queue {
    size_t most, size;
    size_t most_bytes, bytes; /* of the records */
    struct entry entries[];
};

struct due_queue *due_queue_new(size_t most, size_t most_bytes)
{
    struct due_queue *queue = malloc(sizeof *queue + most * sizeof *queue->entries);
    if (queue)
        *queue = (struct due_queue){.most = most, .most_bytes = most_bytes};
    return queue;
}

void due_queue_free(struct due_queue **queue)
{
    if (!*queue)
        return;
    for (size_t i = 0; i < (*queue)->size; i++)
        kafka_record_free(&(*queue)->entries[i].record);
    free(*queue);
    *queue = NULL;
}

size_t due_queue_room(const struct due_queue *queue)
{
    return queue->bytes < queue->most_bytes ? queue->most - queue->size : 0;
}

size_t due_queue_size(const struct due_queue *queue)
{
    return queue->size;
}

static void sink(struct due_queue *queue, size_t at)
{
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->size; child++)
            if (queue->entries[child].due_ms < queue->entries[first].due_ms)
                first = child;
        if (first == at)
            return;
        struct entry moved = queue->entries[at];
        queue->entries[at] = queue->entries[first];
        queue->entries[first] = moved;
        at = first;
    }
}

void due_queue_add(struct due_queue *queue, int64_t due_ms, struct kafka_record *record)
{
    assert(queue->size < queue->most);
    size_t at = queue->size++;
    queue->bytes += kafka_record_size(record);
    for (; at > 0 && queue->entries[(at - 1) / 2].due_ms > due_ms; at = (at - 1) / 2)
        queue->entries[at] = queue->entries[(at - 1) / 2];
    queue->entries[at] = (struct entry){.due_ms = due_ms, .record = record};
}

int64_t due_queue_next(const struct due_queue *queue)
{
    return queue->size ? queue->entries[0].due_ms : INT64_MAX;
}

struct kafka_record *due_queue_take(struct due_queue *queue, int64_t now_ms)
{
    if (due_queue_next(queue) > now_ms || queue->size == 0)
        return NULL;
    struct kafka_record *record = queue->entries[0].record;
    queue->bytes -= kafka_record_size(record);
    queue->entries[0] = queue->entries[--queue->size];
    sink(queue, 0);
    return record;
}

void due_queue_drop(struct due_queue *queue, bool (*gone)(void *context, struct kafka_reference reference),
                    void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < queue->size; i++) {
        if (gone(context, queue->entries[i].record->reference)) {
            queue->bytes -= kafka_record_size(queue->entries[i].record);
            kafka_record_free(&queue->entries[i].record);
        } else {
            queue->entries[kept++] = queue->entries[i];
        }
    }
    queue->size = kept;
    for (size_t at = kept / 2; at-- > 0;)
        sink(queue, at);
}
