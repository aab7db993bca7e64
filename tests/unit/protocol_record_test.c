/* A record is one line: what is written is read back the same, and nothing else is read at all. */
#include "support.h"

#include <stdio.h>

#include "core/protocol/record.h"

#define ID     "0190a0b0-0000-7000-8000-000000000001"
#define DAY_MS (24 * INT64_C(3600000))
#define STORED "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct request_record full_request(void)
{
    struct request_record record = {
        .state = REQUEST_LEASED,
        .generation = 2,
        .copy = 3,
        .has_inc = true,
        .inc = {1, 2, 3},
        .has_owner = true,
        .owner = {255, 254},
        .lease_ms = 1800000000000,
        .tries = 4,
        .lost = 5,
        .maybe_mailed = true,
        .kid = TEXT("t1"),
        .has_stored = true,
        .made_ms = 1800000000001 - DAY_MS,
        .expires_ms = 1800000000001,
        .due_ms = 7,
        .has_finisher = true,
        .finisher = {9},
        .reason = REASON_SUPERSEDED,
        .into = TEXT(ID),
        .digest = {42},
        .slot = TEXT("slot"),
        .tenant = TEXT("acme \xc3\xa9"),
        .reply_code = 451,
        .enhanced = TEXT("4.7.1"),
        .has_seed = true,
        .seed = {77},
        .begun_ms = 1,
        .changed_ms = 2,
        .redeemed_ms = 3,
        .rebuilt = true,
    };
    memcpy(record.stored, STORED, TOKEN_STORED_LENGTH);
    return record;
}

/* What a copy for another line has to be: the same as reading that line. */
static void assert_copied_as_parsed(const struct request_record *record)
{
    struct request_record copy, parsed;
    char bytes[1024];
    size_t size;
    assert_int_equal(request_record_format(record, bytes, sizeof bytes, &size), STATUS_OK);
    struct text line = {bytes, size};
    assert_int_equal(request_record_parse(line, &parsed), STATUS_OK);
    request_record_copy(record, line, &copy);
    const struct text *texts[] = {&copy.kid, &copy.into, &copy.slot, &copy.tenant, &copy.enhanced};
    const struct text *expected[] = {&parsed.kid, &parsed.into, &parsed.slot, &parsed.tenant,
                                     &parsed.enhanced};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_ptr_equal(texts[i]->bytes, expected[i]->bytes);
        assert_int_equal(texts[i]->size, expected[i]->size);
    }
    assert_int_equal(copy.state, parsed.state);
    assert_int_equal(copy.lease_ms, parsed.lease_ms);
    assert_int_equal(copy.has_seed, parsed.has_seed);
    assert_memory_equal(copy.seed, parsed.seed, sizeof copy.seed);
}

static void a_copy_of_a_request_lives_as_long_as_its_own_line(void **state)
{
    (void)state;
    struct request_record full = full_request(), empty = {.state = REQUEST_PENDING};
    assert_copied_as_parsed(&full);
    assert_copied_as_parsed(&empty);
    full.into = full.kid = (struct text){NULL, 0};
    assert_copied_as_parsed(&full);
}

static void a_full_request_comes_back_the_same(void **state)
{
    (void)state;
    struct request_record record = full_request(), again;
    char bytes[1024], second[1024];
    size_t size, second_size;
    assert_int_equal(request_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(request_record_parse((struct text){bytes, size}, &again), STATUS_OK);
    assert_int_equal(again.state, REQUEST_LEASED);
    assert_int_equal(again.lost, 5);
    assert_true(again.maybe_mailed && again.rebuilt && again.has_seed && again.has_finisher);
    assert_memory_equal(again.seed, record.seed, sizeof record.seed);
    assert_memory_equal(again.stored, STORED, TOKEN_STORED_LENGTH);
    assert_true(text_equal(again.into, TEXT(ID)));
    assert_int_equal(again.reply_code, 451);
    assert_int_equal(request_record_format(&again, second, sizeof second, &second_size), STATUS_OK);
    assert_int_equal(size, second_size);
    assert_memory_equal(bytes, second, size);
}

static void an_empty_request_is_short(void **state)
{
    (void)state;
    struct request_record record = {.state = REQUEST_PENDING};
    char bytes[128];
    size_t size;
    assert_int_equal(request_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    assert_true(size < 72);
    assert_memory_equal(bytes, "1\tpending\t\t", 11);
}

static void admissions_are_kept_as_distances(void **state)
{
    (void)state;
    struct record_times again,
        times = {.count = 3, .at = {1800000000000, 1800000000000, 1800000060000}, .weight = {1, 7, 1}};
    char bytes[64];
    size_t size;
    assert_int_equal(recipient_record_format(&times, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(size, strlen("1\t1800000000000,0x7,60000"));
    assert_memory_equal(bytes, "1\t1800000000000,0x7,60000", size);
    assert_int_equal(recipient_record_parse((struct text){bytes, size}, &again), STATUS_OK);
    assert_int_equal(again.count, 3);
    assert_true(again.at[2] == 1800000060000);
    assert_true(again.weight[0] == 1 && again.weight[1] == 7 && again.weight[2] == 1);
}

/* Whatever a byte is changed to: refused, or a record that is written exactly so. */
static void no_two_lines_are_one_record(void **state)
{
    (void)state;
    struct request_record record = full_request(), read;
    char line[1024], again[1024];
    size_t size, again_size, accepted = 0;
    assert_int_equal(request_record_format(&record, line, sizeof line, &size), STATUS_OK);
    for (size_t i = 0; i < size; i++) {
        char kept = line[i];
        for (unsigned letter = 0; letter < 256; letter++) {
            line[i] = (char)letter;
            if (request_record_parse((struct text){line, size}, &read) != STATUS_OK)
                continue;
            accepted++;
            assert_int_equal(request_record_format(&read, again, sizeof again, &again_size), STATUS_OK);
            assert_int_equal(again_size, size);
            assert_memory_equal(again, line, size);
        }
        line[i] = kept;
        if (i + 1 < size)
            assert_true(request_record_parse((struct text){line, i}, &read) == STATUS_INVALID ||
                        line[i] != '\t'); /* cut inside the last field it may still be one */
    }
    assert_true(accepted >= size);
}

static void a_mailed_secret_that_lives_longer_than_a_day_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        int64_t more_ms;
        enum status expected;
    } cases[] = {
        {METHOD_LINK, 0, STATUS_OK},
        {METHOD_LINK, 1, STATUS_INVALID},
        {METHOD_TEMPORARY_PASSWORD_MAILED, 1, STATUS_INVALID},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, 1, STATUS_OK}, /* its day begins when it is activated */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request_record record = full_request(), read;
        char line[1024];
        size_t size;
        record.method = cases[i].method;
        record.expires_ms += cases[i].more_ms;
        assert_int_equal(request_record_format(&record, line, sizeof line, &size), STATUS_OK);
        assert_int_equal(request_record_parse((struct text){line, size}, &read), cases[i].expected);
    }
}

static void lines_that_nobody_wrote_are_refused(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "",
        "1",
        "2\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t05\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t0\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t-5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t9999999999999999\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBw\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBw+\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlinks\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAB\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t",
        "1\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t\t",
        "1\t" ID "\tAQIDBAUGBwg\t5\tac\nme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t",
    };
    static const char good[] = "1\t" ID "\tAQIDBAUGBwg\t5\tacme\tu1\tlink\tAAAAAAAAAAAAAAAAAAAAAA\t"
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\tr1\t\t";
    struct token_record token;
    assert_int_equal(token_record_parse(text_of(good), &token), STATUS_OK);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (token_record_parse(text_of(tokens[i]), &token) != STATUS_INVALID)
            fail_msg("line %zu was read: %s", i, tokens[i]);
    static const char *const times[] = {"1\t1,",   "1\t,1", "1\t1,,2",  "1\t01",          "1\t1,02",
                                        "1\tx",    "1\t1 ", "1\t1x",    "1\t1x1",         "1\t1x0",
                                        "1\t1x02", "1\tx2", "1\t1x2x2", "1\t1x4294967296"};
    struct record_times read;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (recipient_record_parse(text_of(times[i]), &read) != STATUS_INVALID)
            fail_msg("times were read: %s", times[i]);
}

static void a_text_that_would_break_the_line_is_not_written(void **state)
{
    (void)state;
    static const char *const texts[] = {"a\tb", "a\nb", "a\rb"};
    char bytes[1024];
    size_t size;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct request_record record = full_request();
        record.tenant = text_of(texts[i]);
        assert_int_equal(request_record_format(&record, bytes, sizeof bytes, &size), STATUS_INVALID);
    }
    struct request_record record = full_request();
    assert_int_equal(request_record_format(&record, bytes, 100, &size), STATUS_FULL);
}

static void more_admissions_than_fit_are_refused(void **state)
{
    (void)state;
    char line[2 * RECORD_TIMES_MOST + 8] = "1\t1";
    struct record_times times;
    size_t size = 3;
    for (size_t i = 1; i < RECORD_TIMES_MOST; i++, size += 2)
        memcpy(line + size, ",1", 2);
    assert_int_equal(recipient_record_parse((struct text){line, size}, &times), STATUS_OK);
    assert_int_equal(times.count, RECORD_TIMES_MOST);
    memcpy(line + size, ",1", 2);
    assert_int_equal(recipient_record_parse((struct text){line, size + 2}, &times), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_request_comes_back_the_same),
        cmocka_unit_test(a_copy_of_a_request_lives_as_long_as_its_own_line),
        cmocka_unit_test(an_empty_request_is_short),
        cmocka_unit_test(admissions_are_kept_as_distances),
        cmocka_unit_test(no_two_lines_are_one_record),
        cmocka_unit_test(a_mailed_secret_that_lives_longer_than_a_day_is_refused),
        cmocka_unit_test(lines_that_nobody_wrote_are_refused),
        cmocka_unit_test(a_text_that_would_break_the_line_is_not_written),
        cmocka_unit_test(more_admissions_than_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
