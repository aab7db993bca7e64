/* libevent takes functions for it (event_set_mem_functions). */
#include "io/wiped_memory.h"

#include <event2/event.h>

#include "core/wiped_piece.h"

void wiped_memory_start(void)
{
    event_set_mem_functions(wiped_piece_take, wiped_piece_change, wiped_piece_give);
}
