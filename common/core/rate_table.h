/* How often each of many callers came lately: a table of bounded memory that says who has to wait.
 *
 * Never more than rate.count are let through in any period; room comes back at most a fifteenth of the period
 * late.  When the table is full, whoever was seen longest ago is forgotten. */
#ifndef CORE_RATE_TABLE_H
#define CORE_RATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/duration.h"

enum { RATE_KEY_SIZE = 16, RATE_SECRET_SIZE = 16 };

/* A plain value: an address, or the hash of a name. */
struct rate_key {
    unsigned char bytes[RATE_KEY_SIZE];
};

struct rate_table;

/* `most`: callers remembered, above 0, some 170 bytes each.  `secret` is random, so that nobody can choose
 * callers that fall into one chain.  A rate.count of 0 lets nobody through.  NULL without memory. */
struct rate_table *rate_table_new(size_t most, const struct rate *rate,
                                  const unsigned char secret[static RATE_SECRET_SIZE]);
void rate_table_free(struct rate_table **table);

enum rate_answer {
    RATE_TAKEN,
    RATE_REFUSED,        /* not counted */
    RATE_REFUSED_QUIETLY /* the same, after rate.count refusals within the period: not worth another record */
};

/* `now_ms` of a clock that does not go back.  Refused: *wait_ms until there is room, above 0. */
enum rate_answer rate_table_take(struct rate_table *table, const struct rate_key *key, int64_t now_ms,
                                 int64_t *wait_ms);

/* Gives back one that was taken at `taken_ms`; harmless when it is forgotten already. */
void rate_table_return(struct rate_table *table, const struct rate_key *key, int64_t taken_ms);

#endif
