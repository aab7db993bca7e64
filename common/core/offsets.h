/* The offsets of one partition that were given out, completed in any order; what may be stored is the low
 * mark.
 *
 * One bit and one time for each offset between the oldest unfinished and the newest: gaps (transaction
 * markers) count as complete.  Grows up to `capacity` offsets; every call is O(1), amortised. */
#ifndef CORE_OFFSETS_H
#define CORE_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct offsets {
    uint64_t *done;    /* owned: a ring of bits, by offset modulo size */
    uint32_t *seconds; /* owned: when each record came, by offset modulo size */
    size_t size;       /* offsets that fit now; a power of two, or 0 */
    size_t capacity;   /* offsets that will ever fit; a power of two */
    int64_t low;       /* the next offset to store; -1: nothing was added yet */
    int64_t next;      /* one past the newest added */
    size_t unfinished; /* added and not complete */
};

/* `capacity` is rounded up to a power of two, 64 at least. */
void offsets_init(struct offsets *offsets, size_t capacity);
void offsets_clear(struct offsets *offsets);

/* `seconds` since 1970: the record's timestamp.  OK; INVALID: not above all that was added before; FULL: too
 * far from the oldest unfinished one, complete that first; MEMORY. */
enum status offsets_add(struct offsets *offsets, int64_t offset, int64_t seconds) WARN_UNUSED;

/* False: never added, or complete already. */
bool offsets_complete(struct offsets *offsets, int64_t offset);

/* The next offset to store: all below are complete.  -1: nothing was added yet. */
int64_t offsets_low(const struct offsets *offsets);

/* Timestamp of the oldest unfinished, seconds since 1970; -1: all are complete. */
int64_t offsets_oldest_seconds(const struct offsets *offsets);

#endif
