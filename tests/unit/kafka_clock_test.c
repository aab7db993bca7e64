/* When the intake believes its clock and Kafka's. */
#include "support.h"

#include "producer/kafka_clock.h"

static void clocks_agree_within_a_minute(void **state)
{
    (void)state;
    static const struct {
        int64_t ours, theirs;
        bool agrees;
    } cases[] = {
        {1000000, 1000000, true},  {1000000, 1060000, true},  {1060000, 1000000, true},
        {1000000, 1060001, false}, {1060001, 1000000, false}, {1000000, 87400000, false},
    };
    struct kafka_clock clock = {0};
    assert_true(kafka_clock_agrees(&clock, 5));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kafka_clock_note(&clock, cases[i].ours, cases[i].theirs, 5);
        assert_int_equal(kafka_clock_agrees(&clock, 5), cases[i].agrees);
        assert_int_equal(clock.difference_ms, cases[i].ours - cases[i].theirs);
    }
}

static void one_request_in_ten_seconds_tries_while_the_clocks_differ(void **state)
{
    (void)state;
    struct kafka_clock clock = {0};
    assert_true(kafka_clock_admits(&clock, 0));
    assert_true(kafka_clock_admits(&clock, 0));
    kafka_clock_note(&clock, 0, 100000, 1000);
    assert_false(kafka_clock_admits(&clock, 1000));
    assert_false(kafka_clock_admits(&clock, 10999));
    assert_true(kafka_clock_admits(&clock, 11000));
    assert_false(kafka_clock_admits(&clock, 11001));
    assert_true(kafka_clock_admits(&clock, 21000));
    kafka_clock_note(&clock, 100000, 100000, 21500);
    assert_true(kafka_clock_admits(&clock, 21500));
}

static void a_difference_is_forgotten_after_a_minute_without_a_report(void **state)
{
    (void)state;
    struct kafka_clock clock = {0};
    kafka_clock_note(&clock, 0, 100000, 1000);
    assert_false(kafka_clock_agrees(&clock, 61000));
    assert_true(kafka_clock_agrees(&clock, 61001));
    assert_true(kafka_clock_admits(&clock, 61001));
    assert_true(kafka_clock_admits(&clock, 61002));
    kafka_clock_note(&clock, 0, 100000, 61500);
    assert_false(kafka_clock_agrees(&clock, 61500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_agree_within_a_minute),
        cmocka_unit_test(a_difference_is_forgotten_after_a_minute_without_a_report),
        cmocka_unit_test(one_request_in_ten_seconds_tries_while_the_clocks_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
