/* One consumed record: a plain value in one piece of memory of its own, so that keeping it for half an hour
 * pins no fetch buffer, and it outlives the consumer. */
#ifndef IO_KAFKA_RECORD_H
#define IO_KAFKA_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

/* Which record, of which assignment: what kafka_consumer_complete() takes. */
struct kafka_reference {
    size_t lane;
    int32_t partition;
    uint32_t epoch;
    int64_t offset;
};

enum kafka_timestamp { KAFKA_TIMESTAMP_NONE, KAFKA_TIMESTAMP_CREATE, KAFKA_TIMESTAMP_LOG_APPEND };

struct kafka_record_header {
    const char *name;  /* closed by a NUL */
    struct text value; /* bytes NULL: a header without value */
};

struct kafka_record {
    struct kafka_reference reference;
    const char *topic;    /* the consumer's or the record's own; valid as long as the record */
    int64_t timestamp_ms; /* since 1970; -1 with KAFKA_TIMESTAMP_NONE */
    enum kafka_timestamp timestamp_type;
    struct text key;                           /* bytes NULL: no key */
    struct text value;                         /* bytes NULL: no value (tombstone) */
    const struct kafka_record_header *headers; /* in the record's order */
    size_t header_count;
};

/* The header's value; of several of one name the last one counts.  False: there is none. */
bool kafka_record_header(const struct kafka_record *record, const char *name, struct text *value);

/* A record made by hand, copied into one piece of memory; for tests and replay.  NULL: no memory. */
struct kafka_record *kafka_record_copy(const struct kafka_record *from);

/* Bytes of memory that the record takes. */
size_t kafka_record_size(const struct kafka_record *record);

void kafka_record_free(struct kafka_record **record);

#endif
