/* A consumer that writes down what happens to it. */
#ifndef TESTS_UNIT_SUPPORT_KAFKA_MEMBER_H
#define TESTS_UNIT_SUPPORT_KAFKA_MEMBER_H

#include "io/kafka_consumer.h"
#include "support/kafka_fixture.h"

enum { MEMBER_LANES = 2, MEMBER_RECORDS = 4096 };
extern const char *const kafka_member_lanes[MEMBER_LANES];

struct kafka_member {
    struct kafka_consumer *consumer;
    size_t room[MEMBER_LANES];
    int records[MEMBER_LANES];
    struct kafka_reference references[MEMBER_RECORDS];
    int values[MEMBER_RECORDS];
    int count;
    int refusals; /* so many of the next records are not taken */
    int assigned, revoked, closed, commit_errors, join_errors, failed, memory_errors;
    size_t partitions;      /* of the last assignment */
    int complete_on_revoke; /* this many of the references, from inside the callback */
    bool complete_at_once, lost, had_at_revoke;
    enum status close_status;
};

/* Opens the fixture with one topic for each lane. */
void kafka_member_topics(struct kafka_fixture *fixture, int partitions);

void kafka_member_join(struct kafka_fixture *fixture, struct kafka_member *member);

/* Opens the fixture with one partition in each topic; the member joins and has read all `count` records of
 * the first one when this returns. */
void kafka_member_read(struct kafka_fixture *fixture, struct kafka_member *member, int count);

/* Closes, waits for it, frees. */
void kafka_member_leave(struct kafka_fixture *fixture, struct kafka_member *member);

/* The member's callbacks. */
size_t kafka_member_room(void *context, size_t lane);
bool kafka_member_record(void *context, size_t lane, struct kafka_record *record);
void kafka_member_revoked(void *context, const struct kafka_partition *partitions, size_t count, bool lost);
void kafka_member_closed(void *context, enum status status);

#endif
