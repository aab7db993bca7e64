/* Records of the retry topics that wait for their time: a heap by due time, with a cap. */
#ifndef WORKER_DUE_QUEUE_H
#define WORKER_DUE_QUEUE_H

#include <stdint.h>

#include "core/status.h"
#include "io/kafka_record.h"

struct due_queue;

/* Takes at most `most` records, and none once it holds `most_bytes` of them.  NULL without memory. */
struct due_queue *due_queue_new(size_t most, size_t most_bytes);

/* Frees the records, too. */
void due_queue_free(struct due_queue **queue);

/* How many more it takes. */
size_t due_queue_room(const struct due_queue *queue);
size_t due_queue_size(const struct due_queue *queue);

/* Takes the record over; asserts that there is room. */
void due_queue_add(struct due_queue *queue, int64_t due_ms, struct kafka_record *record);

/* The earliest due time; INT64_MAX when empty. */
int64_t due_queue_next(const struct due_queue *queue);

/* The earliest record when it is due by `now_ms`, the caller's from here on; else NULL. */
struct kafka_record *due_queue_take(struct due_queue *queue, int64_t now_ms);

/* Frees all records for which `gone` says so. */
void due_queue_drop(struct due_queue *queue, bool (*gone)(void *context, struct kafka_reference reference),
                    void *context);

#endif
