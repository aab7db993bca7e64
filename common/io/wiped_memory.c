/* Each piece has its size before it, as jansson's manual suggests for secure memory ("Custom Memory
 * Allocation"); libevent takes the same functions (event_set_mem_functions). */
#include "io/wiped_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>
#include <sodium.h>

enum { HEAD = alignof(max_align_t) };

_Static_assert(HEAD >= sizeof(size_t), "the size fits before the memory");

static void *take(size_t size)
{
    char *piece = size <= SIZE_MAX - HEAD ? malloc(HEAD + size) : NULL;
    if (!piece)
        return NULL;
    memcpy(piece, &size, sizeof size);
    return piece + HEAD;
}

static size_t size_of(const void *memory)
{
    size_t size;
    memcpy(&size, (const char *)memory - HEAD, sizeof size);
    return size;
}

static void give(void *memory)
{
    if (!memory)
        return;
    sodium_memzero(memory, size_of(memory));
    free((char *)memory - HEAD);
}

static void *change(void *memory, size_t size)
{
    void *fresh = take(size);
    if (!memory || !fresh)
        return fresh;
    memcpy(fresh, memory, size_of(memory) < size ? size_of(memory) : size);
    give(memory);
    return fresh;
}

void wiped_memory_start(void)
{
    json_set_alloc_funcs(take, give);
    event_set_mem_functions(take, change, give);
}

void wiped_memory_give_json(void *memory)
{
    json_malloc_t unused;
    json_free_t release;
    json_get_alloc_funcs(&unused, &release);
    release(memory);
}
