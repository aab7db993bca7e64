/* Each different string of bytes once, under a small number; and the memory that all of the search shares. */
#ifndef EXPLORE_INTERNING_H
#define EXPLORE_INTERNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that grows in place, so that what points into it stays right. */
struct room {
    unsigned char *bytes;
    size_t used, capacity;
};

/* Aborts where the system gives none.  `capacity` is only reserved; memory is taken as it is used. */
void room_open(struct room *room, size_t capacity);
void room_close(struct room *room);

/* `size` more bytes, not initialised; aborts where the room is full. */
void *room_take(struct room *room, size_t size);

struct interning {
    struct room bytes, places; /* places: offset and size of each */
    uint32_t *slots;           /* number + 1, 0: free */
    size_t slot_count, count;
};

void interning_open(struct interning *interning);
void interning_close(struct interning *interning);
uint32_t interning_put(struct interning *interning, const void *bytes, size_t size);
const void *interning_get(const struct interning *interning, uint32_t number, size_t *size);
size_t interning_bytes(const struct interning *interning); /* of memory */

uint64_t hash_bytes(const void *bytes, size_t size);

#endif
