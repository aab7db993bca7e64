/* Each piece has its size before it, as jansson's manual suggests for secure memory ("Custom Memory
 * Allocation"), so that whoever gives it back need not know how much there is to wipe. */
#include "core/wiped_piece.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { HEAD = alignof(max_align_t) };

_Static_assert(HEAD >= sizeof(size_t), "the size fits before the memory");

void *wiped_piece_take(size_t size)
{
    char *piece = size <= SIZE_MAX - HEAD ? malloc(HEAD + size) : NULL;
    if (!piece)
        return NULL;
    memcpy(piece, &size, sizeof size);
    return piece + HEAD;
}

static size_t size_of(const void *piece)
{
    size_t size;
    memcpy(&size, (const char *)piece - HEAD, sizeof size);
    return size;
}

void wiped_piece_give(void *piece)
{
    if (!piece)
        return;
    sodium_memzero(piece, size_of(piece));
    free((char *)piece - HEAD);
}

void *wiped_piece_change(void *piece, size_t size)
{
    void *fresh = wiped_piece_take(size);
    if (!piece || !fresh)
        return fresh;
    memcpy(fresh, piece, size_of(piece) < size ? size_of(piece) : size);
    wiped_piece_give(piece);
    return fresh;
}
