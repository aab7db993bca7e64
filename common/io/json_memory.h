/* jansson's memory, wiped as it is given back. */
#ifndef IO_JSON_MEMORY_H
#define IO_JSON_MEMORY_H

/* From now on whatever jansson frees is overwritten first: its parser leaves copies of strings (tokens,
 * addresses, passwords) that nobody else can reach.  Once, before the first JSON of the process. */
void json_memory_wipe(void);

/* Gives back what json_dumps() made, whether memory is wiped or not. */
void json_memory_give(void *memory);

#endif
