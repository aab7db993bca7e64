/* What is complete is committed and nothing else; lanes do not hold each other up; on librdkafka's mock
 * cluster. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/kafka_consumer.h"
#include "io/kafka_record.h"
#include "support/kafka_fixture.h"

enum { LANES = 2, RECORDS_MAX = 4096 };
static const char *const topics[LANES] = {"requested", "requested.retry.30s"};

struct member {
    struct kafka_consumer *consumer;
    size_t room[LANES];
    int records[LANES];
    struct kafka_reference references[RECORDS_MAX];
    int values[RECORDS_MAX];
    int count;
    int assigned, revoked, closed, commit_errors;
    size_t partitions;      /* of the last assignment */
    int complete_on_revoke; /* this many of the references, from inside the callback */
    bool complete_at_once, lost, had_at_revoke;
    enum status close_status;
};

static size_t room(void *context, size_t lane)
{
    return ((struct member *)context)->room[lane];
}

static void take_record(void *context, size_t lane, struct kafka_record *record)
{
    struct member *member = context;
    char text[16] = "";
    assert_true(member->room[lane] > 0);
    assert_true(member->count < RECORDS_MAX);
    assert_string_equal(record->topic, topics[lane]);
    assert_int_equal(record->reference.lane, lane);
    assert_int_equal(record->timestamp_type, KAFKA_TIMESTAMP_CREATE);
    assert_true(kafka_consumer_owns(member->consumer, record->reference));
    memcpy(text, record->value.bytes, record->value.size);
    member->room[lane]--;
    member->records[lane]++;
    member->values[member->count] = (int)strtol(text, NULL, 10);
    member->references[member->count++] = record->reference;
    if (member->complete_at_once)
        assert_true(kafka_consumer_complete(member->consumer, record->reference));
    kafka_record_free(&record);
}

static void take_assigned(void *context, const struct kafka_partition *partitions, size_t count)
{
    struct member *member = context;
    (void)partitions;
    member->assigned++;
    member->partitions = count;
}

static void take_revoked(void *context, const struct kafka_partition *partitions, size_t count, bool lost)
{
    struct member *member = context;
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
    struct member *member = context;
    (void)severity, (void)facility;
    member->commit_errors += strstr(text, "offsets were not committed") != NULL;
}

static void take_closed(void *context, enum status status)
{
    struct member *member = context;
    member->closed++;
    member->close_status = status;
}

static void join(struct kafka_fixture *fixture, struct member *member)
{
    struct error error = {0};
    const struct kafka_consumer_settings with = {
        .properties = fixture->properties, .group = "workers", .topics = topics, .lanes = LANES};
    const struct kafka_consumer_callbacks callbacks = {.context = member,
                                                       .room = room,
                                                       .record = take_record,
                                                       .assigned = take_assigned,
                                                       .revoked = take_revoked,
                                                       .notice = take_notice};
    assert_ok(kafka_consumer_new(fixture->base, &with, &callbacks, &member->consumer, &error), &error);
}

static void leave(struct kafka_fixture *fixture, struct member *member)
{
    kafka_consumer_close(member->consumer, 20000, take_closed, member);
    kafka_fixture_until(fixture, &member->closed, 1);
    assert_int_equal(member->close_status, STATUS_OK);
    kafka_consumer_free(&member->consumer);
    assert_null(member->consumer);
}

static void open_topics(struct kafka_fixture *fixture, int partitions)
{
    kafka_fixture_open(fixture);
    /* The mock cluster ends a rebalance a second before the session timeout. */
    kafka_fixture_property(fixture, "session.timeout.ms", "4000");
    kafka_fixture_property(fixture, "heartbeat.interval.ms", "300");
    for (int i = 0; i < LANES; i++)
        kafka_fixture_topic(fixture, topics[i], partitions);
}

static void a_lane_without_room_does_not_stop_the_other(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct member member = {.room = {0, RECORDS_MAX}, .complete_at_once = true};
    open_topics(&fixture, 1);
    kafka_fixture_fill(&fixture, topics[0], 0, 1500);
    kafka_fixture_fill(&fixture, topics[1], 0, 100);
    join(&fixture, &member);
    kafka_fixture_until(&fixture, &member.records[1], 100);
    assert_int_equal(member.records[0], 0);
    member.room[0] = 7;
    kafka_consumer_resume(member.consumer, 0);
    kafka_fixture_until(&fixture, &member.records[0], 7);
    for (int i = 0; i < 20; i++)
        event_base_loop(fixture.base, EVLOOP_NONBLOCK);
    assert_int_equal(member.records[0], 7); /* no room, no record */
    assert_int_equal(kafka_consumer_lane(member.consumer, 0).lag, 1493);
    assert_int_equal(kafka_consumer_lane(member.consumer, 0).unfinished, 0);
    member.room[0] = RECORDS_MAX;
    kafka_consumer_resume(member.consumer, 0);
    kafka_fixture_until(&fixture, &member.records[0], 1500);
    for (int i = 0, expected = 0; i < member.count; i++)
        if (member.references[i].lane == 0)
            assert_int_equal(member.values[i], expected++);
    leave(&fixture, &member);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", topics[0], 0), 1500);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", topics[1], 0), 100);
    kafka_fixture_close(&fixture);
}

static void only_what_is_complete_below_is_committed(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct member first = {.room = {200, 0}, .complete_on_revoke = 31}, second = {.room = {RECORDS_MAX, 0}};
    open_topics(&fixture, 1);
    kafka_fixture_fill(&fixture, topics[0], 0, 200);
    join(&fixture, &first);
    kafka_fixture_until(&fixture, &first.records[0], 200);
    for (int i = 199; i > 30; i--)
        assert_true(kafka_consumer_complete(first.consumer, first.references[i]));
    assert_false(kafka_consumer_complete(first.consumer, first.references[199]));
    assert_int_equal(kafka_consumer_lane(first.consumer, 0).unfinished, 31);
    assert_true(kafka_consumer_lane(first.consumer, 0).oldest_unfinished_s > 1600000000);
    first.references[25].offset = 100; /* completed already: 25 stays unfinished */
    leave(&fixture, &first);
    assert_int_equal(first.revoked, 1);
    assert_true(first.had_at_revoke);
    assert_false(first.lost);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", topics[0], 0), 25);
    join(&fixture, &second); /* the next owner begins with the first unfinished */
    kafka_fixture_until(&fixture, &second.records[0], 175);
    assert_int_equal(second.values[0], 25);
    assert_int_equal(second.values[174], 199);
    leave(&fixture, &second);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", topics[0], 0), 25);
    kafka_fixture_close(&fixture);
}

static void nothing_of_a_revoked_epoch_is_stored(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct member first = {.room = {1000, 0}}, second = {.room = {1000, 0}};
    open_topics(&fixture, 4);
    for (int partition = 0; partition < 4; partition++)
        kafka_fixture_fill(&fixture, topics[0], partition, 50);
    join(&fixture, &first);
    kafka_fixture_until(&fixture, &first.records[0], 200);
    assert_int_equal(first.partitions, 8);
    first.room[0] = 0;
    join(&fixture, &second);
    kafka_fixture_until(&fixture, &first.revoked, 1);
    assert_true(first.had_at_revoke); /* the callback came before the partitions were gone */
    for (int i = 0; i < first.count; i++)
        assert_false(kafka_consumer_complete(first.consumer, first.references[i]));
    kafka_fixture_until(&fixture, &first.assigned, 2);
    kafka_fixture_until(&fixture, &second.assigned, 1);
    assert_int_equal(first.partitions + second.partitions, 8);
    assert_true(first.partitions > 0 && second.partitions > 0);
    for (int i = 0; i < first.count; i++) /* also where the same partition came back */
        assert_false(kafka_consumer_complete(first.consumer, first.references[i]));
    int before = first.records[0];
    first.room[0] = 1000;
    kafka_consumer_resume(first.consumer, 0);
    int missing = 0;
    for (int partition = 0; partition < 4; partition++)
        missing += 50;
    while (first.records[0] - before + second.records[0] <
           missing) /* everything once more, between the two */
        event_base_loop(fixture.base, EVLOOP_ONCE);
    for (int i = before; i < first.count; i++)
        assert_true(kafka_consumer_complete(first.consumer, first.references[i]));
    leave(&fixture, &first);
    leave(&fixture, &second);
    int committed = 0, untouched = 0;
    for (int partition = 0; partition < 4; partition++) {
        int64_t offset = kafka_fixture_committed(&fixture, "workers", topics[0], partition);
        committed += offset == 50;
        untouched += offset <= 0;
    }
    assert_true(committed > 0);
    assert_int_equal(committed + untouched, 4);
    kafka_fixture_close(&fixture);
}

static void a_refused_commit_is_told_and_the_worker_goes_on(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct member member = {.room = {1000, 0}, .complete_at_once = true};
    open_topics(&fixture, 1);
    kafka_fixture_fill(&fixture, topics[0], 0, 20);
    rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_OFFSET_COMMIT, 2,
                                      RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    join(&fixture, &member);
    kafka_fixture_until(&fixture, &member.records[0], 20);
    kafka_fixture_until(&fixture, &member.commit_errors, 1);
    kafka_fixture_fill(&fixture, topics[0], 0, 10);
    kafka_fixture_until(&fixture, &member.records[0], 30);
    leave(&fixture, &member);
    kafka_fixture_close(&fixture);
}

static void a_close_that_finds_no_broker_ends_at_its_deadline(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct member member = {.room = {1000, 0}};
    open_topics(&fixture, 1);
    kafka_fixture_fill(&fixture, topics[0], 0, 20);
    join(&fixture, &member);
    kafka_fixture_until(&fixture, &member.records[0], 20);
    assert_true(kafka_consumer_complete(member.consumer, member.references[0]));
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    kafka_consumer_close(member.consumer, 300, take_closed, &member);
    kafka_fixture_until(&fixture, &member.closed, 1);
    kafka_consumer_free(&member.consumer);
    rd_kafka_mock_broker_set_up(fixture.cluster, 1);
    kafka_fixture_close(&fixture);
}

static void a_property_that_would_break_the_offsets_is_refused(void **state)
{
    (void)state;
    static const struct config_pair cases[] = {
        {"enable.auto.offset.store", "true"},
        {"enable.auto.commit", "false"},
        {"auto.offset.reset", "latest"},
        {"partition.assignment.strategy", "cooperative-sticky"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct kafka_consumer *consumer = NULL;
        const struct config_pair pairs[] = {{"bootstrap.servers", "127.0.0.1:1"}, cases[i]};
        const struct kafka_consumer_settings with = {
            .properties = {pairs, 2}, .group = "workers", .topics = topics, .lanes = LANES};
        const struct kafka_consumer_callbacks callbacks = {
            .room = room, .record = take_record, .revoked = take_revoked};
        struct event_base *base = event_base_new();
        assert_int_equal(kafka_consumer_new(base, &with, &callbacks, &consumer, &error), STATUS_CONFIG);
        assert_memory_equal(error.field, "kafka.", 6);
        assert_string_equal(error.field + 6, cases[i].name);
        assert_null(consumer);
        event_base_free(base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_without_room_does_not_stop_the_other),
        cmocka_unit_test(only_what_is_complete_below_is_committed),
        cmocka_unit_test(nothing_of_a_revoked_epoch_is_stored),
        cmocka_unit_test(a_refused_commit_is_told_and_the_worker_goes_on),
        cmocka_unit_test(a_close_that_finds_no_broker_ends_at_its_deadline),
        cmocka_unit_test(a_property_that_would_break_the_offsets_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
