/* libevent takes functions for it (event_set_mem_functions), and so does jansson. */
#include "io/wiped_memory.h"

#include <event2/event.h>
#include <jansson.h>

#include "core/wiped_piece.h"

void wiped_memory_start(void)
{
    event_set_mem_functions(wiped_piece_take, wiped_piece_change, wiped_piece_give);
}

void wiped_memory_give_json(void *memory)
{
    json_malloc_t unused;
    json_free_t release;
    json_get_alloc_funcs(&unused, &release);
    release(memory);
}
