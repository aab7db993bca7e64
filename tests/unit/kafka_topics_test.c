/* The topics' plan has the names and retentions that others rely on; a broker without Admin API is told
 * apart. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/kafka_topics.h"
#include "producer/topics_command.h"
#include "support/kafka_fixture.h"

static const char *const tiers[] = {"30s", "5m", "30m"};
static const struct kafka_topic_names defaults = {.retry = tiers, .retry_count = 3};

static void the_plan_has_the_fixed_names_and_retentions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        long long hours;
        bool unpacked; /* what workers read, who unpack a batch before they know whose it is */
    } expected[] = {{"password-reset.requested.v1", 48, true},
                    {"password-reset.requested.v1.retry.30s", 48, true},
                    {"password-reset.requested.v1.retry.5m", 48, true},
                    {"password-reset.requested.v1.retry.30m", 48, true},
                    {"password-reset.requested.v1.dlq", 7 * 24, false},
                    {"password-reset.audit.v1", 400 * 24, false}};
    struct kafka_topics_plan plan;
    struct error error = {0};
    assert_ok(kafka_topics_plan(&defaults, 12, 3, &plan, &error), &error);
    assert_int_equal(plan.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(plan.topics[i].name, expected[i].name);
        assert_int_equal(plan.topics[i].retention_ms, expected[i].hours * 3600000);
        assert_int_equal(plan.topics[i].partitions, 12);
        assert_int_equal(plan.topics[i].replication, 3);
        assert_int_equal(plan.topics[i].unpacked, expected[i].unpacked);
    }
}

static void names_that_kafka_refuses_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", "with space", "with/slash", "umläut", "a:b"};
    struct kafka_topics_plan plan;
    struct error error;
    char long_name[251] = "";
    memset(long_name, 'a', 250);
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        const struct kafka_topic_names names = {.audit = i < sizeof bad / sizeof *bad ? bad[i] : long_name};
        assert_int_equal(kafka_topics_plan(&names, 1, 1, &plan, &error), STATUS_INVALID);
    }
    const struct kafka_topic_names twice = {.audit = "same", .requested = "same"};
    assert_int_equal(kafka_topics_plan(&twice, 1, 1, &plan, &error), STATUS_INVALID);
}

static void a_broker_without_admin_api_shows_what_is_there(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_topics_plan plan;
    struct kafka_topics_report report;
    struct error error = {0};
    kafka_fixture_open(&fixture);
    assert_ok(kafka_topics_plan(&defaults, 4, 1, &plan, &error), &error);
    kafka_fixture_topic(&fixture, plan.topics[0].name, 4);
    kafka_fixture_topic(&fixture, plan.topics[1].name, 2);
    assert_ok(kafka_topics_examine(&fixture.properties, &plan, false, 20000, &report, &error), &error);
    assert_false(report.admin_api);
    assert_int_equal(report.topics[0].state, KAFKA_TOPIC_UNDESCRIBED);
    assert_int_equal(report.topics[0].partitions, 4);
    assert_int_equal(report.topics[1].state, KAFKA_TOPIC_WRONG);
    assert_string_equal(report.topics[1].fault, "2 partitions, must be 4");
    assert_int_equal(report.topics[2].state, KAFKA_TOPIC_MISSING);
    kafka_fixture_close(&fixture);
}

struct examined {
    int count;
    enum status status;
};

static void take_examined(void *context, enum status status, const struct kafka_topics_report *report,
                          const struct error *error)
{
    struct examined *examined = context;
    (void)report;
    examined->count++;
    examined->status = status;
    assert_true(error->text[0] != '\0');
}

static void without_a_broker_both_ways_say_so(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_topics_plan plan;
    struct error error = {0};
    struct examined examined = {0};
    char *out = NULL, *errors = NULL;
    size_t out_size, errors_size;
    kafka_fixture_open(&fixture);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_ok(kafka_topics_plan(&defaults, 4, 1, &plan, &error), &error);
    FILE *out_file = open_memstream(&out, &out_size), *errors_file = open_memstream(&errors, &errors_size);
    assert_int_equal(topics_command(&fixture.properties, &plan, false, 300, out_file, errors_file), 69);
    fclose(out_file);
    fclose(errors_file);
    assert_string_equal(out, "");
    assert_non_null(strstr(errors, "Kafka does not answer"));
    free(out);
    free(errors);
    struct kafka_topics_examination *examination;
    assert_ok(kafka_topics_examine_start(fixture.base, &fixture.properties, &plan, 300, take_examined,
                                         &examined, &examination, &error),
              &error);
    kafka_fixture_until(&fixture, &examined.count, 1);
    assert_int_equal(examined.status, STATUS_UNAVAILABLE);
    kafka_fixture_close(&fixture);
}

/* However far it is: its thread has ended, too, and nobody has heard of it yet. */
static void an_examination_that_nobody_waits_for_leaves_nothing(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_topics_plan plan;
    struct error error = {0};
    struct examined examined = {0};
    kafka_fixture_open(&fixture);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_ok(kafka_topics_plan(&defaults, 4, 1, &plan, &error), &error);
    struct kafka_topics_examination *examination;
    assert_ok(kafka_topics_examine_start(fixture.base, &fixture.properties, &plan, 300, take_examined,
                                         &examined, &examination, &error),
              &error);
    kafka_topics_examine_cancel(&examination);
    assert_null(examination);
    event_base_loop(fixture.base, EVLOOP_NONBLOCK);
    assert_int_equal(examined.count, 0);
    kafka_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_has_the_fixed_names_and_retentions),
        cmocka_unit_test(names_that_kafka_refuses_are_refused),
        cmocka_unit_test(a_broker_without_admin_api_shows_what_is_there),
        cmocka_unit_test(without_a_broker_both_ways_say_so),
        cmocka_unit_test(an_examination_that_nobody_waits_for_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
