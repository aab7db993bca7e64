/* A consumer without memory: no record is left out, nothing is committed past one, and all goes on by itself;
 * on librdkafka's mock cluster. */
#include "support.h"

#include "support/failing_memory.h"
#include "support/kafka_member.h"

enum { RECORDS = 60 };

static void assert_all_in_order(const struct kafka_member *member)
{
    assert_int_equal(member->count, RECORDS);
    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(member->values[i], i);
}

static void leave(struct kafka_fixture *fixture, struct kafka_member *member)
{
    kafka_member_leave(fixture, member);
    assert_int_equal(kafka_fixture_committed(fixture, "workers", kafka_member_lanes[0], 0), RECORDS);
    kafka_fixture_close(fixture);
}

static void open_with_records(struct kafka_fixture *fixture)
{
    kafka_member_topics(fixture, 1);
    kafka_fixture_fill(fixture, kafka_member_lanes[0], 0, RECORDS);
}

static void a_record_without_memory_for_it_comes_later_and_none_is_left_out(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {10, 0}, .complete_at_once = true};
    open_with_records(&fixture);
    kafka_member_join(&fixture, &member);
    kafka_fixture_until(&fixture, &member.records[0], 10);
    memory_fail(4, 5);
    member.room[0] = MEMBER_RECORDS;
    kafka_consumer_resume(member.consumer, 0);
    kafka_fixture_until(&fixture, &member.records[0], 20);
    assert_true(memory_recover() > 0);
    kafka_fixture_until(&fixture, &member.records[0], RECORDS);
    assert_all_in_order(&member);
    leave(&fixture, &member);
}

static void a_record_that_its_owner_has_no_memory_for_is_offered_again(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {MEMBER_RECORDS, 0}, .complete_at_once = true, .refusals = 2};
    kafka_member_read(&fixture, &member, RECORDS);
    assert_int_equal(member.refusals, 0);
    assert_all_in_order(&member);
    leave(&fixture, &member);
}

static void an_assignment_without_memory_for_it_is_asked_for_again(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {MEMBER_RECORDS, 0}, .complete_at_once = true};
    open_with_records(&fixture);
    kafka_member_join(&fixture, &member);
    memory_fail(1, 1);
    kafka_fixture_until(&fixture, &member.memory_errors, 1);
    assert_int_equal(member.assigned, 0);
    memory_recover();
    kafka_fixture_until(&fixture, &member.records[0], RECORDS);
    assert_all_in_order(&member);
    leave(&fixture, &member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_without_memory_for_it_comes_later_and_none_is_left_out),
        cmocka_unit_test(a_record_that_its_owner_has_no_memory_for_is_offered_again),
        cmocka_unit_test(an_assignment_without_memory_for_it_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
