#include "support/kafka_member.h"

#include <stdio.h>
#include <stdlib.h>

#include "support.h"

const char *const kafka_member_lanes[MEMBER_LANES] = {"requested", "requested.retry.30s"};

size_t kafka_member_room(void *context, size_t lane)
{
    return ((struct kafka_member *)context)->room[lane];
}

bool kafka_member_record(void *context, size_t lane, struct kafka_record *record)
{
    struct kafka_member *member = context;
    char text[16] = "";
    assert_true(member->room[lane] > 0);
    if (member->refusals > 0) {
        member->refusals--;
        return false;
    }
    assert_true(member->count < MEMBER_RECORDS);
    assert_string_equal(record->topic, kafka_member_lanes[lane]);
    assert_int_equal(record->reference.lane, lane);
    assert_int_equal(record->timestamp_type, KAFKA_TIMESTAMP_CREATE);
    assert_true(kafka_consumer_owns(member->consumer, record->reference));
    snprintf(text, sizeof text, "%.*s", (int)record->value.size, record->value.bytes);
    member->room[lane]--;
    member->records[lane]++;
    member->values[member->count] = (int)strtol(text, NULL, 10);
    member->references[member->count++] = record->reference;
    if (member->complete_at_once)
        assert_true(kafka_consumer_complete(member->consumer, record->reference));
    kafka_record_free(&record);
    return true;
}

static void take_assigned(void *context, const struct kafka_partition *partitions, size_t count)
{
    struct kafka_member *member = context;
    (void)partitions;
    member->assigned++;
    member->partitions = count;
}

void kafka_member_revoked(void *context, const struct kafka_partition *partitions, size_t count, bool lost)
{
    struct kafka_member *member = context;
    assert_int_equal(count, member->partitions);
    for (int i = 0; i < member->complete_on_revoke && i < member->count; i++)
        member->had_at_revoke = kafka_consumer_complete(member->consumer, member->references[i]);
    member->had_at_revoke |=
        kafka_consumer_owns(member->consumer, (struct kafka_reference){.lane = partitions[0].lane,
                                                                       .partition = partitions[0].partition,
                                                                       .epoch = partitions[0].epoch});
    member->revoked++;
    member->lost = lost;
}

static void take_notice(void *context, int severity, const char *facility, const char *text)
{
    struct kafka_member *member = context;
    (void)severity, (void)facility;
    member->commit_errors += strstr(text, "offsets were not committed") != NULL;
    member->join_errors += strstr(text, "JoinGroup failed") != NULL;
    member->memory_errors += strstr(text, "no memory") != NULL;
}

static void take_failure(void *context, const struct error *error)
{
    struct kafka_member *member = context;
    assert_non_null(strstr(error->text, "beyond repair"));
    member->failed++;
}

void kafka_member_closed(void *context, enum status status)
{
    struct kafka_member *member = context;
    member->closed++;
    member->close_status = status;
}

void kafka_member_join(struct kafka_fixture *fixture, struct kafka_member *member)
{
    struct error error = {0};
    const struct kafka_consumer_settings with = {.properties = fixture->properties,
                                                 .group = "workers",
                                                 .topics = kafka_member_lanes,
                                                 .lanes = MEMBER_LANES};
    const struct kafka_consumer_callbacks callbacks = {.context = member,
                                                       .room = kafka_member_room,
                                                       .record = kafka_member_record,
                                                       .assigned = take_assigned,
                                                       .revoked = kafka_member_revoked,
                                                       .failed = take_failure,
                                                       .notice = take_notice};
    assert_ok(kafka_consumer_new(fixture->base, &with, &callbacks, &member->consumer, &error), &error);
}

void kafka_member_leave(struct kafka_fixture *fixture, struct kafka_member *member)
{
    kafka_consumer_close(member->consumer, 20000, kafka_member_closed, member);
    kafka_fixture_until(fixture, &member->closed, 1);
    assert_int_equal(member->close_status, STATUS_OK);
    kafka_consumer_free(&member->consumer);
    assert_null(member->consumer);
}

void kafka_member_topics(struct kafka_fixture *fixture, int partitions)
{
    kafka_fixture_open(fixture);
    /* The mock cluster ends a rebalance a second before the session timeout. */
    kafka_fixture_property(fixture, "session.timeout.ms", "4000");
    kafka_fixture_property(fixture, "heartbeat.interval.ms", "300");
    for (int i = 0; i < MEMBER_LANES; i++)
        kafka_fixture_topic(fixture, kafka_member_lanes[i], partitions);
}

void kafka_member_read(struct kafka_fixture *fixture, struct kafka_member *member, int count)
{
    kafka_member_topics(fixture, 1);
    kafka_fixture_fill(fixture, kafka_member_lanes[0], 0, count);
    kafka_member_join(fixture, member);
    kafka_fixture_until(fixture, &member->records[0], count);
}
