/* Where jansson's trees stand while they are read.
 *
 * A tree is some eighty small pieces, and an event's is gone as soon as its fields were looked at: between
 * json_memory_open and _close they are cut off one run of bytes after another and wiped together. */
#ifndef CORE_JSON_MEMORY_H
#define CORE_JSON_MEMORY_H

#include <stdalign.h>
#include <stddef.h>

/* Three times what the tree of a usual event takes; a larger one goes on in memory of its own. */
#define JSON_MEMORY_SIZE (10 * 1024)

/* On the stack of whoever reads. */
struct json_memory {
    size_t used;   /* bytes */
    size_t pieces; /* taken and not given back */
    alignas(max_align_t) char bytes[JSON_MEMORY_SIZE];
};

/* Once, before the first JSON and the second thread of the process: from now on jansson takes its memory
 * here, and all of it is wiped as it is given back.  Without it jansson goes on with malloc, and the other
 * two do nothing. */
void json_memory_start(void);

/* From now on jansson's pieces for this thread are in `memory`, while there is room; and beyond it, by
 * wiped_piece_take.  One memory is open at a time. */
void json_memory_open(struct json_memory *memory);

/* Wipes what was used.  Trees that were made since the opening are gone already (json_decref). */
void json_memory_close(struct json_memory *memory);

#endif
