/* What is complete is committed and nothing else; lanes do not hold each other up; on librdkafka's mock
 * cluster. */
#include "support.h"

#include "support/kafka_member.h"

static void a_lane_without_room_does_not_stop_the_other(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {0, MEMBER_RECORDS}, .complete_at_once = true};
    kafka_member_topics(&fixture, 1);
    kafka_fixture_fill(&fixture, kafka_member_lanes[0], 0, 1500);
    kafka_fixture_fill(&fixture, kafka_member_lanes[1], 0, 100);
    kafka_member_join(&fixture, &member);
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
    member.room[0] = MEMBER_RECORDS;
    kafka_consumer_resume(member.consumer, 0);
    kafka_fixture_until(&fixture, &member.records[0], 1500);
    for (int i = 0, expected = 0; i < member.count; i++)
        if (member.references[i].lane == 0)
            assert_int_equal(member.values[i], expected++);
    kafka_member_leave(&fixture, &member);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), 1500);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[1], 0), 100);
    kafka_fixture_close(&fixture);
}

static void only_what_is_complete_below_is_committed(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member first = {.room = {200, 0}, .complete_on_revoke = 31},
                        second = {.room = {MEMBER_RECORDS, 0}};
    kafka_member_read(&fixture, &first, 200);
    for (int i = 199; i > 30; i--)
        assert_true(kafka_consumer_complete(first.consumer, first.references[i]));
    assert_false(kafka_consumer_complete(first.consumer, first.references[199]));
    assert_int_equal(kafka_consumer_lane(first.consumer, 0).unfinished, 31);
    assert_true(kafka_consumer_lane(first.consumer, 0).oldest_unfinished_s > 1600000000);
    first.references[25].offset = 100; /* completed already: 25 stays unfinished */
    kafka_member_leave(&fixture, &first);
    assert_int_equal(first.revoked, 1);
    assert_true(first.had_at_revoke);
    assert_false(first.lost);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), 25);
    kafka_member_join(&fixture, &second); /* the next owner begins with the first unfinished */
    kafka_fixture_until(&fixture, &second.records[0], 175);
    assert_int_equal(second.values[0], 25);
    assert_int_equal(second.values[174], 199);
    kafka_member_leave(&fixture, &second);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), 25);
    kafka_fixture_close(&fixture);
}

static void a_close_that_finds_no_broker_ends_at_its_deadline(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {1000, 0}};
    kafka_member_read(&fixture, &member, 20);
    assert_true(kafka_consumer_complete(member.consumer, member.references[0]));
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    kafka_consumer_close(member.consumer, 300, kafka_member_closed, &member);
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
        const struct kafka_consumer_settings with = {.properties = {pairs, 2},
                                                     .group = "workers",
                                                     .topics = kafka_member_lanes,
                                                     .lanes = MEMBER_LANES};
        const struct kafka_consumer_callbacks callbacks = {
            .room = kafka_member_room, .record = kafka_member_record, .revoked = kafka_member_revoked};
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
        cmocka_unit_test(a_close_that_finds_no_broker_ends_at_its_deadline),
        cmocka_unit_test(a_property_that_would_break_the_offsets_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
