/* The table of an assignment.
 *
 * It is replaced as a whole: the group uses eager rebalancing, where all partitions are revoked before any is
 * assigned. Epochs rise with every assignment, so that a reference of an old one never finds a new one's
 * partition. */
#include "io/kafka_assignment.h"

#include <stdlib.h>

void kafka_assignment_init(struct kafka_assignment *assignment)
{
    *assignment = (struct kafka_assignment){0};
}

void kafka_assignment_clear(struct kafka_assignment *assignment)
{
    for (size_t i = 0; i < assignment->count; i++)
        offsets_clear(&assignment->shares[i].offsets);
    free(assignment->shares);
    assignment->shares = NULL;
    assignment->count = 0;
}

static int compare(const void *a, const void *b)
{
    const struct kafka_partition *left = &((const struct kafka_share *)a)->id;
    const struct kafka_partition *right = &((const struct kafka_share *)b)->id;
    if (left->lane != right->lane)
        return left->lane < right->lane ? -1 : 1;
    return (left->partition > right->partition) - (left->partition < right->partition);
}

static uint32_t fresh_epoch(struct kafka_assignment *assignment)
{
    if (++assignment->epoch == 0)
        assignment->epoch = 1;
    return assignment->epoch;
}

enum status kafka_assignment_set(struct kafka_assignment *assignment, const struct kafka_partition *ids,
                                 size_t count)
{
    kafka_assignment_clear(assignment);
    uint32_t epoch = fresh_epoch(assignment);
    if (count == 0)
        return STATUS_OK;
    assignment->shares = calloc(count, sizeof *assignment->shares);
    if (assignment->shares == NULL)
        return STATUS_MEMORY;
    assignment->count = count;
    for (size_t i = 0; i < count; i++) {
        assignment->shares[i] = (struct kafka_share){.id = ids[i], .stored = -1};
        assignment->shares[i].id.epoch = epoch;
        offsets_init(&assignment->shares[i].offsets, KAFKA_OFFSETS_WINDOW);
    }
    qsort(assignment->shares, count, sizeof *assignment->shares, compare);
    return STATUS_OK;
}

struct kafka_share *kafka_assignment_find(const struct kafka_assignment *assignment, size_t lane,
                                          int32_t partition)
{
    const struct kafka_share wanted = {.id = {.lane = lane, .partition = partition}};
    if (assignment->count == 0)
        return NULL;
    return bsearch(&wanted, assignment->shares, assignment->count, sizeof wanted, compare);
}

struct kafka_share *kafka_assignment_of(const struct kafka_assignment *assignment,
                                        struct kafka_reference reference)
{
    struct kafka_share *share = kafka_assignment_find(assignment, reference.lane, reference.partition);
    return share && share->id.epoch == reference.epoch ? share : NULL;
}

void kafka_assignment_rewind(struct kafka_assignment *assignment, struct kafka_share *share)
{
    offsets_clear(&share->offsets);
    share->stored = -1;
    share->id.epoch = fresh_epoch(assignment);
}
