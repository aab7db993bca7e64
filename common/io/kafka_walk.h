/* One walk through a topic on behalf of a consumer group that nobody is a member of: from the group's offsets
 * (or the topic's beginning, or a time) to the topic's end as it was at the start.  For command lines: calls
 * block, each up to its deadline. */
#ifndef IO_KAFKA_WALK_H
#define IO_KAFKA_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "io/kafka_properties.h"
#include "io/kafka_record.h"

struct kafka_walk;

struct kafka_walk_settings {
    struct kafka_properties properties;
    const char *topic;
    const char *group;   /* whose offsets are read and moved */
    bool from_beginning; /* not from the group's offsets; they are moved nevertheless */
    int64_t from_ms; /* with from_beginning: nothing before this time; 0: all.  A broker that knows no times
                        gives all */
    int deadline_ms; /* of each question to the cluster, and of an answer without records */
};

/* NOT_FOUND: no such topic; UNAVAILABLE, TIMEOUT: the cluster; DENIED; CONFIG: a property is refused. */
enum status kafka_walk_open(const struct kafka_walk_settings *settings, struct kafka_walk **walk,
                            struct error *error) WARN_UNUSED;
void kafka_walk_free(struct kafka_walk **walk);

/* OK: the next record, the caller's (kafka_record_free); of one partition they come in order.  NOT_FOUND: the
 * walk is over.  FULL: none within `wait_ms`, ask again.  TIMEOUT: none for the deadline.  Others: the
 * cluster. */
enum status kafka_walk_next(struct kafka_walk *walk, int wait_ms, struct kafka_record **record,
                            struct error *error) WARN_UNUSED;

/* In the order of the records: the group may go past this one; or it must not, nor past any behind it in its
 * partition. */
void kafka_walk_pass(struct kafka_walk *walk, const struct kafka_record *record);
void kafka_walk_stop_at(struct kafka_walk *walk, const struct kafka_record *record);

/* Commits what was passed since the last time. */
enum status kafka_walk_commit(struct kafka_walk *walk, struct error *error) WARN_UNUSED;

#endif
