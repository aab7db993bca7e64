/* All that is stored at one moment, as a value; and the port that the production code reads and swaps it
 * through. */
#ifndef EXPLORE_SHELF_H
#define EXPLORE_SHELF_H

#include "core/protocol/record_store.h"
#include "interning.h"

enum { SHELF_MOST = 48 };

struct shelf_entry {
    uint32_t key, value; /* numbers */
    int64_t expires_ms;  /* 0: never */
};

struct shelf {
    size_t count;
    struct shelf_entry entries[SHELF_MOST]; /* in the order of their keys */
};

/* One question's sight of the store. */
struct counter {
    struct interning *keys, *values;
    struct shelf stored;        /* what its swap finds, and changes */
    struct shelf seen[2];       /* what its first and second reading found */
    unsigned seen_count, reads; /* readings that were made for it; that it has asked for */
    bool torn;                  /* a reading beyond those is not answered */
    bool deaf;                  /* nobody waits for what a swap answers: it is not decided again */
    bool wants_read, swapped;
    bool wrote_badly;
    int64_t now_ms;
};

struct record_store counter_port(struct counter *counter);

void shelf_load(struct shelf *shelf, const struct interning *shelves, uint32_t number);
uint32_t shelf_save(const struct shelf *shelf, struct interning *shelves);
struct text shelf_get(const struct shelf *shelf, const struct interning *values, uint32_t key);
void shelf_put(struct shelf *shelf, uint32_t key, uint32_t value, int64_t expires_ms);
void shelf_drop(struct shelf *shelf, uint32_t key);
void shelf_expire(struct shelf *shelf, int64_t now_ms);

#endif
