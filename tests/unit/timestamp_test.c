/* RFC 3339 times are read exactly or refused, and what is written reads back. */
#include "support.h"

#include "core/timestamp.h"

static const struct {
    const char *text;
    int64_t milliseconds; /* -1: refused */
} cases[] = {
    {"2000-01-01T00:00:00Z", 946684800000},
    {"2025-11-22T05:10:00.123Z", 1763788200123},
    {"2025-11-22T05:10:00.123999999Z", 1763788200123},
    {"2025-11-22T05:10:00.1Z", 1763788200100},
    {"2025-11-22T06:10:00+01:00", 1763788200000},
    {"2025-11-21T21:40:00-07:30", 1763788200000},
    {"2024-02-29T23:59:59Z", 1709251199000},
    {"2000-02-29T00:00:00Z", 951782400000},
    {"2016-12-31T23:59:60Z", 1483228800000},
    {"9999-12-31T23:59:59.999Z", 253402300799999},
    {"2023-02-29T00:00:00Z", -1},
    {"2100-02-29T00:00:00Z", -1},
    {"1999-12-31T23:59:59Z", -1},
    {"2025-00-10T00:00:00Z", -1},
    {"2025-13-10T00:00:00Z", -1},
    {"2025-04-31T00:00:00Z", -1},
    {"2025-11-22T24:00:00Z", -1},
    {"2025-11-22T05:60:00Z", -1},
    {"2025-11-22T05:10:61Z", -1},
    {"2025-11-22T05:10:00", -1},
    {"2025-11-22T05:10:00.Z", -1},
    {"2025-11-22T05:10:00+0100", -1},
    {"2025-11-22T05:10:00+24:00", -1},
    {"2025-11-22t05:10:00z", -1},
    {"2025-11-22 05:10:00Z", -1},
    {"2025-11-22T05:10:00Z ", -1},
    {" 2025-11-22T05:10:00Z", -1},
    {"2025-11-22T05:10:00Z\n", -1},
    {"2025-11-22T05:10:00.12345678901234567890Z", -1},
    {"+025-11-22T05:10:00Z", -1},
    {"2025-11-22", -1},
    {"1763788200", -1},
    {"", -1},
};

static void a_time_is_read_exactly_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t milliseconds = 42;
        bool ok = timestamp_parse(text_of(cases[i].text), &milliseconds);
        if (ok != (cases[i].milliseconds >= 0) || milliseconds != (ok ? cases[i].milliseconds : 42))
            fail_msg("%s gave %d, %lld", cases[i].text, ok, (long long)milliseconds);
    }
}

static void every_prefix_of_a_time_is_refused(void **state)
{
    (void)state;
    const char *whole = "2025-11-22T05:10:00.123+01:00";
    for (size_t size = 0; size < strlen(whole); size++) {
        int64_t milliseconds;
        assert_false(timestamp_parse((struct text){whole, size}, &milliseconds));
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    for (int64_t at = 946684800000; at < 253402300800000; at += 86399999 * INT64_C(37)) {
        char text[TIMESTAMP_SIZE];
        int64_t back = -1;
        timestamp_format(at, text);
        assert_true(timestamp_parse(text_of(text), &back));
        assert_int_equal(back, at);
    }
    char text[TIMESTAMP_SIZE];
    timestamp_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    timestamp_format(-1, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_read_exactly_or_refused),
        cmocka_unit_test(every_prefix_of_a_time_is_refused),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
