/* Memory of libevent, whose buffers hold whole requests (tokens, addresses, passwords) that nobody else can
 * reach: wiped as it is given back.  jansson's is core/json_memory.h's. */
#ifndef IO_WIPED_MEMORY_H
#define IO_WIPED_MEMORY_H

/* From now on libevent wipes what it frees.  Once, before its first event. */
void wiped_memory_start(void);

#endif
