/* jansson asks for memory without a word about whose it is (json_set_alloc_funcs), so which memory is open
 * has to be remembered here: for each thread its own, and only while a function of that thread reads.
 *
 * Room is never used twice: a tree grows to its end and goes as a whole.  Pieces are counted, because one
 * that outlives its memory would point into somebody else's stack. */
#include "core/json_memory.h"

#include <assert.h>
#include <stdint.h>

#include <jansson.h>
#include <sodium.h>

#include "core/wiped_piece.h"

static _Thread_local struct json_memory *opened;

static void *take(size_t size)
{
    struct json_memory *memory = opened;
    if (!memory || size > sizeof memory->bytes - memory->used)
        return wiped_piece_take(size);
    char *piece = memory->bytes + memory->used;
    size_t step = alignof(max_align_t);
    memory->used += (size + step - 1) / step * step;
    memory->pieces++;
    return piece;
}

static void give(void *piece)
{
    struct json_memory *memory = opened;
    if (memory && (uintptr_t)piece - (uintptr_t)memory->bytes < sizeof memory->bytes)
        memory->pieces--;
    else
        wiped_piece_give(piece);
}

void json_memory_start(void)
{
    json_set_alloc_funcs(take, give);
}

void json_memory_open(struct json_memory *memory)
{
    assert(!opened);
    memory->used = memory->pieces = 0;
    opened = memory;
}

void json_memory_close(struct json_memory *memory)
{
    assert(opened == memory && memory->pieces == 0);
    sodium_memzero(memory->bytes, memory->used);
    opened = NULL;
}
