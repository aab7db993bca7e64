/* Each piece has its size before it, as jansson's manual suggests for secure memory ("Custom Memory
 * Allocation"). */
#include "io/json_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

enum { HEAD = alignof(max_align_t) };

_Static_assert(HEAD >= sizeof(size_t), "the size fits before the memory");

static void *take(size_t size)
{
    char *piece = size <= SIZE_MAX - HEAD ? malloc(HEAD + size) : NULL;
    if (!piece)
        return NULL;
    *(size_t *)(void *)piece = size;
    return piece + HEAD;
}

static void give(void *memory)
{
    if (!memory)
        return;
    char *piece = (char *)memory - HEAD;
    sodium_memzero(memory, *(size_t *)(void *)piece);
    free(piece);
}

void json_memory_wipe(void)
{
    json_set_alloc_funcs(take, give);
}

void json_memory_give(void *memory)
{
    json_malloc_t unused;
    json_free_t release;
    json_get_alloc_funcs(&unused, &release);
    release(memory);
}
