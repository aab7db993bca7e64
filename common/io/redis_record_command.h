/* The two commands of the record store, as Redis reads them (RESP: an array of bulk strings), appended to a
 * buffer.  `prefix` has the colon that stands before a key; what does not fit marks the buffer failed. */
#ifndef IO_REDIS_RECORD_COMMAND_H
#define IO_REDIS_RECORD_COMMAND_H

#include "core/buffer.h"
#include "core/protocol/record_store.h"

/* MGET. */
void redis_record_command_read(struct buffer *command, struct text prefix, const struct text *keys,
                               size_t count);

/* EVALSHA of io/swap.lua, whose SHA1 is `script`; at most RECORD_STORE_KEYS_MOST changes. */
void redis_record_command_swap(struct buffer *command, struct text script, struct text prefix,
                               const struct record_store_change *changes, size_t count);

#endif
