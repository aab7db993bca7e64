#include "support.h"

#include "producer/send_progress.h"

static void progress_tells_rate_and_time_left(void **state)
{
    (void)state;
    static const struct {
        struct send_progress progress;
        const char *expected;
    } cases[] = {
        {{.elapsed_ms = 0}, "0 acknowledged, 0 a second"},
        {{.accepted = 100, .elapsed_ms = 500}, "100 acknowledged, 200 a second"},
        {{.accepted = 90, .refused = 7, .failed = 3, .elapsed_ms = 1000},
         "90 acknowledged, 7 refused, 3 failed, 100 a second"},
        {{.accepted = 100, .bytes_read = 250, .bytes_total = 1000, .elapsed_ms = 3000},
         "100 acknowledged, 33 a second, 25 %, 10 s left"},
        {{.accepted = 100, .bytes_read = 1000, .bytes_total = 1000, .elapsed_ms = 1000},
         "100 acknowledged, 100 a second, 100 %, 0 s left"},
        {{.accepted = 1, .bytes_read = 2000, .bytes_total = 1000, .elapsed_ms = 1000},
         "1 acknowledged, 1 a second"}, /* the file grew: its size says nothing */
        {{.accepted = 0, .bytes_read = 0, .bytes_total = 1000, .elapsed_ms = 1000},
         "0 acknowledged, 0 a second"},
        {{.accepted = 5, .checked_only = true, .elapsed_ms = 1000}, "5 valid, 5 a second"},
        {{.accepted = UINT64_MAX / 4,
          .refused = UINT64_MAX / 4,
          .failed = UINT64_MAX / 4,
          .bytes_read = 1,
          .bytes_total = UINT64_MAX,
          .elapsed_ms = INT64_MAX},
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SEND_PROGRESS_SIZE];
        send_progress_write(&cases[i].progress, text);
        if (cases[i].expected)
            assert_string_equal(text, cases[i].expected);
        else
            assert_true(strlen(text) < SEND_PROGRESS_SIZE - 1);
    }
}

static void times_are_told_in_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *expected;
    } cases[] = {{0, "0 s"},
                 {59, "59 s"},
                 {60, "1 min 0 s"},
                 {125, "2 min 5 s"},
                 {3599, "59 min 59 s"},
                 {3600, "1 h 0 min"},
                 {12000, "3 h 20 min"},
                 {360000, "days"},
                 {INT64_MAX, "days"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        send_progress_write_time(cases[i].seconds, text);
        assert_string_equal(text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_tells_rate_and_time_left),
        cmocka_unit_test(times_are_told_in_two_units_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
