/* A generation of the group that is over, and commits that are refused; on librdkafka's mock cluster. */
#include "support.h"

#include "support/kafka_member.h"

/* Nobody knows whether somebody else has the partitions by now. */
static void what_is_done_when_the_generation_was_lost_is_not_committed(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {20, 0}, .complete_on_revoke = 20};
    kafka_member_read(&fixture, &member, 20);
    rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_HEARTBEAT, 1,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    kafka_fixture_until(&fixture, &member.revoked, 1);
    assert_true(member.lost);
    kafka_fixture_until(&fixture, &member.assigned, 2); /* and there is no room to read them again */
    kafka_member_leave(&fixture, &member);
    assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), -1);
    kafka_fixture_close(&fixture);
}

static const struct refusal {
    rd_kafka_resp_err_t code;
    int assigned; /* so often: a member that is not known any more begins anew */
} refusals[] = {
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 2},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 2},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1},
};

static void a_refused_commit_is_told_and_what_is_done_is_committed_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct kafka_fixture fixture;
        struct kafka_member member = {.room = {1000, 0}, .complete_at_once = true};
        print_message("  %s\n", rd_kafka_err2name(refusals[i].code));
        kafka_member_topics(&fixture, 1);
        kafka_fixture_fill(&fixture, kafka_member_lanes[0], 0, 20);
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_OFFSET_COMMIT, 1, refusals[i].code);
        kafka_member_join(&fixture, &member);
        kafka_fixture_until(&fixture, &member.commit_errors, 1);
        kafka_fixture_until(&fixture, &member.assigned, refusals[i].assigned);
        kafka_fixture_until(&fixture, &member.records[0], 20 * refusals[i].assigned); /* all of them again */
        kafka_fixture_fill(&fixture, kafka_member_lanes[0], 0, 10);
        kafka_fixture_until(&fixture, &member.records[0], 20 * refusals[i].assigned + 10);
        kafka_member_leave(&fixture, &member);
        assert_int_equal(kafka_fixture_committed(&fixture, "workers", kafka_member_lanes[0], 0), 30);
        kafka_fixture_close(&fixture);
    }
}

/* Another process took its place in the group: going on would be reading for nobody. */
static void a_member_that_is_fenced_for_good_is_told_to_be_dead_once(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_member member = {.room = {1000, 0}};
    kafka_member_read(&fixture, &member, 20);
    rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_HEARTBEAT, 1,
                                      RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    kafka_fixture_until(&fixture, &member.failed, 1);
    kafka_consumer_close(member.consumer, 5000, kafka_member_closed, &member);
    kafka_fixture_until(&fixture, &member.closed, 1);
    assert_int_equal(member.failed, 1);
    kafka_consumer_free(&member.consumer);
    kafka_fixture_close(&fixture);
}

static bool is_member(const struct kafka_member *member, const char *complaint)
{
    char why[300] = "";
    bool is = kafka_consumer_is_member(member->consumer, why, sizeof why);
    if (!is)
        assert_non_null(strstr(why, complaint));
    return is;
}

static const struct door {
    rd_kafka_resp_err_t code;
    const char *complaint;
} doors[] = {
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, "Inconsistent group protocol"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "Group authorization failed"},
};

/* librdkafka goes on asking for ever, and nothing else shows that nobody reads. */
static void a_member_that_its_group_does_not_let_in_says_so_until_it_is_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        struct kafka_fixture fixture;
        struct kafka_member member = {.room = {1000, 0}};
        print_message("  %s\n", rd_kafka_err2name(doors[i].code));
        kafka_member_topics(&fixture, 1);
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_JOIN_GROUP, 2, doors[i].code,
                                          doors[i].code);
        kafka_member_join(&fixture, &member);
        assert_true(is_member(&member, "")); /* it has only just asked */
        kafka_fixture_until(&fixture, &member.join_errors, 1);
        assert_false(is_member(&member, doors[i].complaint));
        kafka_fixture_until(&fixture, &member.assigned, 1);
        assert_true(is_member(&member, ""));
        kafka_member_leave(&fixture, &member);
        kafka_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done_when_the_generation_was_lost_is_not_committed),
        cmocka_unit_test(a_refused_commit_is_told_and_what_is_done_is_committed_later),
        cmocka_unit_test(a_member_that_is_fenced_for_good_is_told_to_be_dead_once),
        cmocka_unit_test(a_member_that_its_group_does_not_let_in_says_so_until_it_is_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
