/* The partitions that are ours now, each with its epoch and its ring of offsets; no I/O. */
#ifndef IO_KAFKA_ASSIGNMENT_H
#define IO_KAFKA_ASSIGNMENT_H

#include "core/offsets.h"
#include "io/kafka_consumer.h"

struct kafka_share {
    struct kafka_partition id;
    struct offsets offsets;
    int64_t stored; /* the last low mark that was handed to librdkafka; -1: none */
};

struct kafka_assignment {
    struct kafka_share *shares; /* owned; by lane and partition, rising */
    size_t count;
    uint32_t epoch; /* the last one given out; never 0 */
};

enum {
    KAFKA_OFFSETS_WINDOW = 131072
}; /* offsets between the oldest unfinished and the newest, for one partition */

void kafka_assignment_init(struct kafka_assignment *assignment);
void kafka_assignment_clear(struct kafka_assignment *assignment);

/* Replaces all; the ids' epochs are set here, to a fresh one.  MEMORY leaves it empty. */
enum status kafka_assignment_set(struct kafka_assignment *assignment, const struct kafka_partition *ids,
                                 size_t count) WARN_UNUSED;

/* NULL: not ours. */
struct kafka_share *kafka_assignment_find(const struct kafka_assignment *assignment, size_t lane,
                                          int32_t partition);

/* NULL: not ours, or not under this epoch any more. */
struct kafka_share *kafka_assignment_of(const struct kafka_assignment *assignment,
                                        struct kafka_reference reference);

/* Forgets what is in flight of one partition, whose log begins anew: a fresh epoch. */
void kafka_assignment_rewind(struct kafka_assignment *assignment, struct kafka_share *share);

#endif
