/* Memory of libraries that hold secrets for a while, wiped as it is given back: jansson's parser leaves
 * copies of strings (tokens, addresses, passwords) and libevent's buffers those of whole requests, that
 * nobody else can reach. */
#ifndef IO_WIPED_MEMORY_H
#define IO_WIPED_MEMORY_H

/* From now on both wipe what they free.  Once, before the first JSON and the first event of the process. */
void wiped_memory_start(void);

/* Gives back what json_dumps() made, whether memory is wiped or not. */
void wiped_memory_give_json(void *memory);

#endif
