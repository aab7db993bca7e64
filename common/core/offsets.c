/* The offsets in flight of one partition.
 *
 * Kafka keeps one number for a group and partition: everything below it is done.  Records end in any order (a
 * slow mail server must not hold up the others), so the number that may be stored is the first one that is
 * not done.
 *
 * A window [low, next) of bits, offset modulo size.  A bit is set when its offset is complete; offsets inside
 * the window that were never given out (transaction markers, compaction) are set when the next one is added.
 * The low mark walks over set bits, each once, so every call is O(1) amortised.  The window grows by doubling
 * and never shrinks: a partition that needed it once will need it again. */
#include "core/offsets.h"

#include <assert.h>
#include <stdlib.h>

enum { WORD_BITS = 64 };

void offsets_init(struct offsets *offsets, size_t capacity)
{
    size_t rounded = WORD_BITS;
    while (rounded < capacity)
        rounded *= 2;
    *offsets = (struct offsets){.capacity = rounded, .low = -1, .next = -1};
}

void offsets_clear(struct offsets *offsets)
{
    free(offsets->done);
    free(offsets->seconds);
    *offsets = (struct offsets){.capacity = offsets->capacity, .low = -1, .next = -1};
}

static size_t slot_of(const struct offsets *offsets, int64_t offset)
{
    return (size_t)offset & (offsets->size - 1);
}

static bool is_done(const struct offsets *offsets, int64_t offset)
{
    size_t slot = slot_of(offsets, offset);
    return offsets->done[slot / WORD_BITS] >> slot % WORD_BITS & 1;
}

static void set_done(struct offsets *offsets, int64_t offset, bool done)
{
    size_t slot = slot_of(offsets, offset);
    uint64_t bit = (uint64_t)1 << slot % WORD_BITS;
    if (done)
        offsets->done[slot / WORD_BITS] |= bit;
    else
        offsets->done[slot / WORD_BITS] &= ~bit;
}

static enum status grow(struct offsets *offsets, size_t needed)
{
    size_t size = offsets->size ? offsets->size : WORD_BITS;
    while (size < needed)
        size *= 2;
    struct offsets larger = *offsets;
    larger.size = size;
    larger.done = calloc(size / WORD_BITS, sizeof *larger.done);
    larger.seconds = calloc(size, sizeof *larger.seconds);
    if (larger.done == NULL || larger.seconds == NULL) {
        free(larger.done);
        free(larger.seconds);
        return STATUS_MEMORY;
    }
    for (int64_t offset = offsets->low; offset < offsets->next; offset++) {
        set_done(&larger, offset, is_done(offsets, offset));
        larger.seconds[slot_of(&larger, offset)] = offsets->seconds[slot_of(offsets, offset)];
    }
    free(offsets->done);
    free(offsets->seconds);
    *offsets = larger;
    return STATUS_OK;
}

enum status offsets_add(struct offsets *offsets, int64_t offset, int64_t seconds)
{
    if (offset < 0 || offset < offsets->next || offset == INT64_MAX)
        return STATUS_INVALID;
    if (offsets->unfinished == 0) /* nothing to keep: the window begins anew here, however far it is */
        offsets->low = offsets->next = offset;
    uint64_t span = (uint64_t)(offset - offsets->low) + 1;
    if (span > offsets->capacity)
        return STATUS_FULL;
    if (span > offsets->size) {
        enum status status = grow(offsets, (size_t)span);
        if (status != STATUS_OK)
            return status;
    }
    while (offsets->next < offset)
        set_done(offsets, offsets->next++, true);
    set_done(offsets, offset, false);
    int64_t kept = seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : seconds;
    offsets->seconds[slot_of(offsets, offset)] = (uint32_t)kept;
    offsets->next = offset + 1;
    offsets->unfinished++;
    return STATUS_OK;
}

bool offsets_complete(struct offsets *offsets, int64_t offset)
{
    if (offset < offsets->low || offset >= offsets->next || is_done(offsets, offset))
        return false;
    assert(offsets->unfinished > 0);
    set_done(offsets, offset, true);
    offsets->unfinished--;
    while (offsets->low < offsets->next && is_done(offsets, offsets->low))
        offsets->low++;
    return true;
}

int64_t offsets_low(const struct offsets *offsets)
{
    return offsets->low;
}

int64_t offsets_oldest_seconds(const struct offsets *offsets)
{
    return offsets->unfinished ? (int64_t)offsets->seconds[slot_of(offsets, offsets->low)] : -1;
}
