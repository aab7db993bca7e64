/* The record store's in-memory twin: the same answers as Redis, from an array, with a clock that stands until
 * it is set. It answers at once, or keeps the calls until a test serves them in whatever order; and it can be
 * made to fail. */
#ifndef TESTS_UNIT_SUPPORT_MEMORY_STORE_H
#define TESTS_UNIT_SUPPORT_MEMORY_STORE_H

#include "core/protocol/record_store.h"

struct memory_store;

enum memory_fault {
    MEMORY_FAULT_NONE,
    MEMORY_FAULT_CONFLICT,    /* swap: as if somebody had changed something and changed it back */
    MEMORY_FAULT_LOST_BEFORE, /* swap: not done, no answer */
    MEMORY_FAULT_LOST_AFTER,  /* swap: done, no answer */
    MEMORY_FAULT_UNAVAILABLE  /* read or swap: not connected */
};

struct memory_store *memory_store_new(void);
void memory_store_free(struct memory_store **store);
struct record_store memory_store_port(struct memory_store *store);

void memory_store_set_time(struct memory_store *store, int64_t now_ms);
int64_t memory_store_time(const struct memory_store *store);

/* The `nth` call from now (1: the next) that the fault can strike is struck; UNAVAILABLE strikes any, the
 * others swaps. */
void memory_store_fail(struct memory_store *store, enum memory_fault fault, unsigned nth);

/* Out of memory: swaps are refused unless they are allowed to. */
void memory_store_set_full(struct memory_store *store, bool full);

/* Keeps calls until they are served; serving runs the call and its callback. */
void memory_store_defer(struct memory_store *store, bool defer);
size_t memory_store_waiting(const struct memory_store *store);
void memory_store_serve(struct memory_store *store, size_t index);

/* Looks at and changes what is kept, as if by another hand.  Absent: bytes NULL. */
struct text memory_store_get(struct memory_store *store, struct text key);
void memory_store_put(struct memory_store *store, struct text key, struct text value, int64_t expires_at_ms);
void memory_store_remove(struct memory_store *store, struct text key);
void memory_store_empty(struct memory_store *store);

struct memory_entry {
    struct text key, value;
    int64_t expires_at_ms; /* 0: never */
};

/* What is there now, in the order in which it came; false past the end. */
bool memory_store_at(struct memory_store *store, size_t index, struct memory_entry *entry);

/* How many calls were made so far. */
size_t memory_store_reads(const struct memory_store *store);
size_t memory_store_swaps(const struct memory_store *store);

#endif
