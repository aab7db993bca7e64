/* Open addressing over numbers; the bytes lie one after the other in a room of their own. */
#include "interning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define INTERNING_MOST ((size_t)24 << 30)

/* Offset in the upper 40 bits, size in the lower 24. */
typedef uint64_t place;

void room_open(struct room *room, size_t capacity)
{
    *room = (struct room){.capacity = capacity};
    room->bytes =
        mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room->bytes == MAP_FAILED) {
        perror("no address space for the search");
        abort();
    }
}

void room_close(struct room *room)
{
    if (room->bytes)
        munmap(room->bytes, room->capacity);
    *room = (struct room){.bytes = NULL};
}

void *room_take(struct room *room, size_t size)
{
    if (size > room->capacity - room->used) {
        fputs("the search has outgrown its room\n", stderr);
        abort();
    }
    void *start = room->bytes + room->used;
    room->used += size;
    return start;
}

uint64_t hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0x9e3779b97f4a7c15U ^ size, word;
    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdU;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, at, size);
    hash = (hash ^ word) * 0xc4ceb9fe1a85ec53U;
    return hash ^ (hash >> 29);
}

void interning_open(struct interning *interning)
{
    *interning = (struct interning){.slot_count = 1024};
    room_open(&interning->bytes, INTERNING_MOST);
    room_open(&interning->places, INTERNING_MOST);
    interning->slots = calloc(interning->slot_count, sizeof *interning->slots);
    if (!interning->slots)
        abort();
}

void interning_close(struct interning *interning)
{
    room_close(&interning->bytes);
    room_close(&interning->places);
    free(interning->slots);
    interning->slots = NULL;
}

const void *interning_get(const struct interning *interning, uint32_t number, size_t *size)
{
    place found = ((const place *)(const void *)interning->places.bytes)[number];
    if (size)
        *size = found & 0xffffff;
    return interning->bytes.bytes + (found >> 24);
}

static void grow(struct interning *interning)
{
    size_t size, count = interning->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        abort();
    for (uint32_t number = 0; number < interning->count; number++) {
        const void *bytes = interning_get(interning, number, &size);
        size_t slot = hash_bytes(bytes, size) & (count - 1);
        while (slots[slot])
            slot = (slot + 1) & (count - 1);
        slots[slot] = number + 1;
    }
    free(interning->slots);
    interning->slots = slots;
    interning->slot_count = count;
}

uint32_t interning_put(struct interning *interning, const void *bytes, size_t size)
{
    size_t found_size, slot = hash_bytes(bytes, size) & (interning->slot_count - 1);
    for (; interning->slots[slot]; slot = (slot + 1) & (interning->slot_count - 1)) {
        const void *found = interning_get(interning, interning->slots[slot] - 1, &found_size);
        if (found_size == size && memcmp(found, bytes, size) == 0)
            return interning->slots[slot] - 1;
    }
    *(place *)room_take(&interning->places, sizeof(place)) = (place)interning->bytes.used << 24 | size;
    memcpy(room_take(&interning->bytes, (size + 7) & ~(size_t)7), bytes, size);
    interning->slots[slot] = (uint32_t)++interning->count;
    if (interning->count * 2 > interning->slot_count)
        grow(interning);
    return (uint32_t)interning->count - 1;
}

size_t interning_bytes(const struct interning *interning)
{
    return interning->bytes.used + interning->places.used + interning->slot_count * sizeof *interning->slots;
}
