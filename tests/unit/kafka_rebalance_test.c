/* What was revoked, or read before a partition began anew, stores nothing; on librdkafka's mock cluster. */
#include "support.h"

#include "io/kafka_consumer_state.h"
#include "support/kafka_member.h"

static void nothing_of_a_revoked_epoch_is_stored(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member first = {.room = {1000, 0}}, second = {.room = {1000, 0}};
    kafka_member_topics(&fixture, 4);
    for (int partition = 0; partition < 4; partition++)
        kafka_fixture_fill(&fixture, kafka_member_lanes[0], partition, 50);
    kafka_member_join(&fixture, &first);
    kafka_fixture_until(&fixture, &first.records[0], 200);
    assert_int_equal(first.partitions, 8);
    first.room[0] = 0;
    kafka_member_join(&fixture, &second);
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
    kafka_member_leave(&fixture, &first);
    kafka_member_leave(&fixture, &second);
    int committed = 0, untouched = 0;
    for (int partition = 0; partition < 4; partition++) {
        int64_t offset = kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], partition);
        committed += offset == 50;
        untouched += offset <= 0;
    }
    assert_true(committed > 0);
    assert_int_equal(committed + untouched, 4);
    kafka_fixture_close(&fixture);
}

/* The log was cut, the topic made anew, or librdkafka started over after a batch with a wrong checksum. */
static void a_partition_that_goes_on_lower_counts_only_what_is_read_from_then_on(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {1000, 0}};
    kafka_member_read(&fixture, &member, 20);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(member.consumer->handle, kafka_member_lanes[0], NULL);
    assert_int_equal(rd_kafka_seek(topic, 0, 5, 10000), 0);
    rd_kafka_topic_destroy(topic);
    kafka_fixture_until(&fixture, &member.records[0], 35);
    assert_int_equal(member.revoked, 0);
    assert_int_equal(member.values[20], 5);
    for (int i = 0; i < 20; i++) /* read before: their end is somebody's, but no offset of ours */
        assert_false(kafka_consumer_complete(member.consumer, member.references[i]));
    for (int i = 20; i < 30; i++)
        assert_true(kafka_consumer_complete(member.consumer, member.references[i]));
    kafka_member_leave(&fixture, &member);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), 15);
    kafka_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_a_revoked_epoch_is_stored),
        cmocka_unit_test(a_partition_that_goes_on_lower_counts_only_what_is_read_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
