/* Records in Redis, behind the port core/protocol/record_store.h: read is TIME and MGET, swap is EVALSHA of
 * io/swap.lua, each in one round trip.  TIME comes before the MGET, not with it: another client's write may
 * stand between, so `now_ms` is never later than the values.  Reads asked for within 10 ms of each other,
 * while the first one's TIME is under way, share it. */
#ifndef IO_REDIS_RECORD_STORE_H
#define IO_REDIS_RECORD_STORE_H

#include "core/protocol/record_store.h"
#include "io/redis.h"

struct redis_record_store;

enum { REDIS_RECORD_STORE_SCRIPTS = 2 };

/* What the client must be made with: redis_options.scripts, REDIS_RECORD_STORE_SCRIPTS of them, in this
 * order. */
void redis_record_store_scripts(struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS]);

/* `redis` outlives every call; free it first, which answers what is in flight, then the store. */
WARN_UNUSED enum status redis_record_store_new(struct redis *redis, struct redis_record_store **store,
                                               struct error *error);

/* From now on the port's settle waits for so many replicas; before redis_record_store_port. */
WARN_UNUSED enum status redis_record_store_settle(struct redis_record_store *store, unsigned replicas,
                                                  int64_t timeout_ms, struct error *error);
void redis_record_store_free(struct redis_record_store **store);

/* The port; valid as long as the store.  Where the client is not ready or has too many commands waiting, the
 * answer is STATUS_UNAVAILABLE from within the call. */
struct record_store redis_record_store_port(struct redis_record_store *store);

#endif
