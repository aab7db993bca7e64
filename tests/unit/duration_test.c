/* Durations and rates of a configuration, and what waits by them: backoff and the circuit breaker. */
#include "support.h"

#include "core/breaker.h"
#include "core/duration.h"

static void durations_are_one_number_and_one_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"30s", 30000},
        {"5m", 300000},
        {"24h", 86400000},
        {"7d", 604800000},
        {"250ms", 250},
        {"0", 0},
        {"0s", 0},
        {"3650d", DURATION_MOST_MS},
        {"3651d", -1},
        {"30", -1},
        {"s", -1},
        {"", -1},
        {"-1s", -1},
        {"+1s", -1},
        {"1.5h", -1},
        {"1h30m", -1},
        {" 1h", -1},
        {"1h ", -1},
        {"1 h", -1},
        {"1H", -1},
        {"1w", -1},
        {"99999999999999999999s", -1},
        {"9223372036854775807ms", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        enum status status = duration_parse(text_of(cases[i].text), &ms, NULL);
        if ((status == STATUS_OK) != (cases[i].ms >= 0) || (status == STATUS_OK && ms != cases[i].ms))
            fail_msg("\"%s\" gave %s, %lld", cases[i].text, status_name(status), (long long)ms);
    }
}

static void rates_are_a_number_in_a_duration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t count;
        int64_t period_ms; /* 0: refused */
    } cases[] = {
        {"5/1h", 5, 3600000},    {"0/1m", 0, 60000}, {"4294967295/1ms", UINT32_MAX, 1},
        {"4294967296/1h", 0, 0}, {"5/0s", 0, 0},     {"5/", 0, 0},
        {"/1h", 0, 0},           {"5", 0, 0},        {"5/h", 0, 0},
        {"5 / 1h", 0, 0},        {"", 0, 0},         {"-5/1h", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rate rate = {0};
        enum status status = rate_parse(text_of(cases[i].text), &rate, NULL);
        if ((status == STATUS_OK) != (cases[i].period_ms > 0) || rate.count != cases[i].count ||
            rate.period_ms != cases[i].period_ms)
            fail_msg("\"%s\" gave %s", cases[i].text, status_name(status));
    }
}

static void a_duration_is_printed_in_its_largest_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0s"}, {1, "1ms"}, {1500, "1500ms"}, {30000, "30s"}, {5400000, "90m"}, {86400000, "1d"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DURATION_TEXT_SIZE];
        int64_t ms;
        duration_print(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(duration_parse(text_of(text), &ms, NULL), STATUS_OK);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void backoff_doubles_up_to_its_most(void **state)
{
    (void)state;
    const struct backoff backoff = {.first_ms = 100, .most_ms = 1000};
    static const int64_t ceilings[] = {100, 100, 200, 400, 800, 1000, 1000};
    for (unsigned i = 0; i < sizeof ceilings / sizeof *ceilings; i++)
        assert_int_equal(backoff_ceiling(&backoff, i), ceilings[i]);
    assert_int_equal(backoff_ceiling(&backoff, UINT32_MAX), 1000);
    assert_int_equal(backoff_ceiling(&(struct backoff){1, INT64_MAX}, 1000), INT64_MAX);
    assert_int_equal(backoff_delay(&backoff, 3, 0), 1);
    assert_int_equal(backoff_delay(&backoff, 3, UINT32_MAX), 400);
    assert_int_equal(backoff_delay(&backoff, 3, UINT32_MAX / 2), 200);
}

static void the_breaker_opens_after_failures_in_a_row_and_tries_one(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, 3, (struct backoff){100, 1000});
    breaker_failure(&breaker, 0, UINT32_MAX);
    breaker_failure(&breaker, 0, UINT32_MAX);
    breaker_success(&breaker);
    breaker_failure(&breaker, 0, UINT32_MAX);
    breaker_failure(&breaker, 0, UINT32_MAX);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_true(breaker_allow(&breaker, 0));
    breaker_failure(&breaker, 0, UINT32_MAX);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    breaker_failure(&breaker, 50, UINT32_MAX); /* a late one changes nothing */
    assert_false(breaker_allow(&breaker, 99));
    assert_int_equal(breaker_wait(&breaker, 40), 60);

    assert_true(breaker_allow(&breaker, 100));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    assert_false(breaker_allow(&breaker, 100));
    breaker_failure(&breaker, 101, UINT32_MAX); /* one failure is enough, and the wait is longer */
    assert_int_equal(breaker_wait(&breaker, 101), 200);
    assert_true(breaker_allow(&breaker, 301));
    breaker_success(&breaker);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_true(breaker_allow(&breaker, 301));
    assert_true(breaker_allow(&breaker, 301));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_one_number_and_one_unit),
        cmocka_unit_test(rates_are_a_number_in_a_duration),
        cmocka_unit_test(a_duration_is_printed_in_its_largest_unit),
        cmocka_unit_test(backoff_doubles_up_to_its_most),
        cmocka_unit_test(the_breaker_opens_after_failures_in_a_row_and_tries_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
