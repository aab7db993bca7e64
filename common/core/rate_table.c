/* A hash table with chains over one array, and the order of last use as a list through the same array.
 *
 * Time is cut into ticks of a fifteenth of the period.  A caller has one count for each of the last sixteen
 * ticks, in a ring: what lies sixteen ticks back is older than the period whatever its place in the tick, so
 * dropping it never lets more through than the rate.  A refused call is remembered as use, so that a flood of
 * other callers does not make the table forget one who keeps asking, but it takes nothing: who waits as long
 * as told is let through. */
#include "core/rate_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { TICKS = 16 };

#define NONE UINT32_MAX

_Static_assert(RATE_SECRET_SIZE == crypto_shorthash_KEYBYTES, "the secret is the hash's key");

struct caller {
    struct rate_key key;
    uint32_t next;         /* in the chain */
    uint32_t older, newer; /* in the order of use */
    int64_t tick;          /* the latest that the ring has */
    uint32_t taken[TICKS], refused[TICKS];
};

struct rate_table {
    struct rate rate;
    int64_t tick_ms;
    unsigned char secret[RATE_SECRET_SIZE];
    uint32_t most, count;
    uint32_t oldest, newest;
    uint32_t *chains; /* `most` of them */
    struct caller *callers;
};

struct rate_table *rate_table_new(size_t most, const struct rate *rate,
                                  const unsigned char secret[static RATE_SECRET_SIZE])
{
    struct rate_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->rate = *rate;
    table->tick_ms = (rate->period_ms + TICKS - 2) / (TICKS - 1);
    memcpy(table->secret, secret, RATE_SECRET_SIZE);
    table->most = most < NONE ? (uint32_t)most : NONE - 1;
    table->oldest = table->newest = NONE;
    table->chains = malloc(table->most * sizeof *table->chains);
    table->callers = calloc(table->most, sizeof *table->callers);
    if (!table->chains || !table->callers || table->tick_ms <= 0) {
        rate_table_free(&table);
        return NULL;
    }
    memset(table->chains, 0xff, table->most * sizeof *table->chains);
    return table;
}

void rate_table_free(struct rate_table **table)
{
    struct rate_table *gone = *table;
    *table = NULL;
    if (!gone)
        return;
    sodium_memzero(gone->secret, sizeof gone->secret);
    free(gone->chains);
    free(gone->callers);
    free(gone);
}

/* Where the number of the key's caller stands, or would stand. */
static uint32_t *find(const struct rate_table *table, const struct rate_key *key)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, key->bytes, sizeof key->bytes, table->secret);
    uint32_t *place = &table->chains[hash % table->most];
    while (*place != NONE && memcmp(&table->callers[*place].key, key, sizeof *key) != 0)
        place = &table->callers[*place].next;
    return place;
}

static void unlink_use(struct rate_table *table, uint32_t number)
{
    struct caller *caller = &table->callers[number];
    *(caller->older == NONE ? &table->oldest : &table->callers[caller->older].newer) = caller->newer;
    *(caller->newer == NONE ? &table->newest : &table->callers[caller->newer].older) = caller->older;
}

static void link_newest(struct rate_table *table, uint32_t number)
{
    struct caller *caller = &table->callers[number];
    caller->older = table->newest;
    caller->newer = NONE;
    *(table->newest == NONE ? &table->oldest : &table->callers[table->newest].newer) = number;
    table->newest = number;
}

/* The number of an entry for a new caller: a fresh one, or that of the one seen longest ago. */
static uint32_t make_room(struct rate_table *table)
{
    if (table->count < table->most)
        return table->count++;
    uint32_t number = table->oldest, *place = find(table, &table->callers[number].key);
    *place = table->callers[number].next;
    unlink_use(table, number);
    return number;
}

static struct caller *use(struct rate_table *table, const struct rate_key *key, int64_t tick)
{
    uint32_t number = *find(table, key);
    if (number == NONE) {
        number = make_room(table);
        uint32_t *place = find(table, key); /* only now: making room changes chains */
        table->callers[number] = (struct caller){.key = *key, .next = NONE, .tick = tick};
        *place = number;
    } else {
        unlink_use(table, number);
    }
    link_newest(table, number);
    return &table->callers[number];
}

static size_t ring_place(int64_t tick)
{
    return (size_t)((uint64_t)tick % TICKS);
}

/* Forgets the ticks that have left the ring. */
static void advance(struct caller *caller, int64_t tick)
{
    if (tick - caller->tick >= TICKS) {
        memset(caller->taken, 0, sizeof caller->taken);
        memset(caller->refused, 0, sizeof caller->refused);
        caller->tick = tick;
    }
    while (caller->tick < tick) {
        size_t place = ring_place(++caller->tick);
        caller->taken[place] = caller->refused[place] = 0;
    }
}

static uint64_t sum(const uint32_t counts[TICKS])
{
    uint64_t total = 0;
    for (size_t i = 0; i < TICKS; i++)
        total += counts[i];
    return total;
}

/* Until the oldest tick with something in it leaves the ring. */
static int64_t wait_of(const struct rate_table *table, const struct caller *caller, int64_t now_ms)
{
    int64_t tick = caller->tick - TICKS + 1;
    while (tick < caller->tick && caller->taken[ring_place(tick)] == 0)
        tick++;
    int64_t wait_ms = (tick + TICKS) * table->tick_ms - now_ms;
    return wait_ms > 0 ? wait_ms : 1;
}

enum rate_answer rate_table_take(struct rate_table *table, const struct rate_key *key, int64_t now_ms,
                                 int64_t *wait_ms)
{
    int64_t tick = now_ms / table->tick_ms;
    struct caller *caller = use(table, key, tick);
    advance(caller, tick);
    size_t place = ring_place(caller->tick);
    if (sum(caller->taken) < table->rate.count) {
        caller->taken[place]++;
        return RATE_TAKEN;
    }
    *wait_ms = wait_of(table, caller, now_ms);
    if (sum(caller->refused) >= table->rate.count)
        return RATE_REFUSED_QUIETLY;
    caller->refused[place]++;
    return RATE_REFUSED;
}

void rate_table_return(struct rate_table *table, const struct rate_key *key, int64_t taken_ms)
{
    uint32_t number = *find(table, key);
    if (number == NONE)
        return;
    struct caller *caller = &table->callers[number];
    int64_t tick = taken_ms / table->tick_ms;
    uint32_t *taken = &caller->taken[ring_place(tick)];
    if (caller->tick - tick < TICKS && tick <= caller->tick && *taken > 0)
        --*taken;
}
