/* Redeemed requests in the order of when a change of the password is overdue. */
#ifndef PRODUCER_REDEEMED_QUEUE_H
#define PRODUCER_REDEEMED_QUEUE_H

#include <stdint.h>

#include "core/uuid.h"

enum { REDEEMED_QUEUE_MOST = 16384 };

struct redeemed_queue;

/* NULL without memory; all that it ever takes is allocated here. */
struct redeemed_queue *redeemed_queue_new(void);
void redeemed_queue_free(struct redeemed_queue **queue);

/* Due times must not fall.  False where it is full.  A request that is in it already stays where it is. */
bool redeemed_queue_add(struct redeemed_queue *queue, const struct uuid *id, int64_t due_ms);

/* The one that is due first, which stays until it is taken; false where there is none. */
bool redeemed_queue_first(const struct redeemed_queue *queue, struct uuid *id, int64_t *due_ms);
void redeemed_queue_take(struct redeemed_queue *queue);

#endif
