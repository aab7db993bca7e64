/* Waiting until replicas have what was written: PUBLISH and WAIT (redis.io/docs/latest/commands/wait).
 *
 * WAIT holds up all that is asked behind it on the connection, so one runs at a time, and serves all who
 * asked before it was sent.  PUBLISH goes before it because WAIT looks at the connection's own last write,
 * and what is to be settled may have been written over another: it takes a place in the replicas' stream
 * behind everything that stands there, needs no key and no memory, and goes through where Redis is full. */
#ifndef IO_REDIS_SETTLEMENT_H
#define IO_REDIS_SETTLEMENT_H

#include "core/protocol/record_store.h"
#include "io/redis.h"

struct redis_settlement;

/* `replicas` of them within `timeout_ms`.  `redis` outlives every call; free it first. */
WARN_UNUSED enum status redis_settlement_new(struct redis *redis, unsigned replicas, int64_t timeout_ms,
                                             struct redis_settlement **settlement, struct error *error);
void redis_settlement_free(struct redis_settlement **settlement);

/* As record_store_operations.settle. */
void redis_settlement_wait(struct redis_settlement *settlement, record_store_callback *done,
                           void *done_context);

#endif
