/* The story of a request as a table: when, what, by whom, and what else there is to say. */
#ifndef PRODUCER_TRAIL_TABLE_H
#define PRODUCER_TRAIL_TABLE_H

#include <stdint.h>

#include "core/buffer.h"

struct json_t;

/* One audit record.  `id` and `data` are parts of `tree`. */
struct trail_record {
    struct json_t *tree, *data;
    const char *id;
    int64_t time_ms;
    size_t order; /* as it was read */
};

/* The records are in the order of their times. */
void trail_table_write(struct text id, const struct trail_record *const *records, size_t count,
                       struct buffer *out);

#endif
