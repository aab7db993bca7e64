/* The lines of the records that a user's lanes and temporary passwords have: written, read back the same, and
 * never longer than the store takes. */
#include "support.h"

#include <stdio.h>

#include "core/protocol/record.h"
#include "core/protocol/record_store.h"

#define ID "0190a0b0-0000-7000-8000-000000000001"

static void both_lanes_come_back_the_same(void **state)
{
    (void)state;
    struct user_record read, record = {.fence_ms = 9};
    record.newest[LANE_LINK] = (struct standing){.request_id = TEXT(ID), .t0_ms = 1, .admitted_ms = 2};
    record.newest[LANE_PASSWORD] = (struct standing){.request_id = TEXT("revoked"),
                                                     .t0_ms = 3,
                                                     .actor_class = ACTOR_ADMIN,
                                                     .has_target = true,
                                                     .target = {7},
                                                     .method = METHOD_TEMPORARY_PASSWORD_CHOSEN};
    for (size_t i = 0; i < USER_TIMES; i++)
        record.times[i] = (struct record_times){.count = 1, .at = {10 + (int64_t)i}, .weight = {1}};
    char bytes[512];
    size_t size;
    assert_int_equal(user_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    static const char expected[] =
        "1\t" ID "\t1\t2\tself\t\tlink\trevoked\t3\t\tadmin\tBwAAAAAAAAAAAAAAAAAAAA\t"
        "temporary_password_chosen\t9\t10\t11\t12";
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    assert_int_equal(user_record_parse((struct text){bytes, size}, &read), STATUS_OK);
    assert_true(text_equal(read.newest[LANE_LINK].request_id, TEXT(ID)));
    assert_int_equal(read.newest[LANE_PASSWORD].method, METHOD_TEMPORARY_PASSWORD_CHOSEN);
    assert_false(read.newest[LANE_LINK].has_target);
    assert_true(read.times[TIMES_NOTICE].at[0] == 12);
}

/* Every limit as large as can be exact, over a month. */
static void a_users_fullest_record_fits_into_the_store(void **state)
{
    (void)state;
    struct user_record record = {.fence_ms = 1800000000000};
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        record.newest[lane] = (struct standing){.request_id = TEXT(ID),
                                                .t0_ms = 1800000000000,
                                                .admitted_ms = 1800000000000,
                                                .actor_class = ACTOR_ADMIN,
                                                .has_target = true,
                                                .method = METHOD_TEMPORARY_PASSWORD_MAILED};
    for (size_t i = 0; i < USER_TIMES; i++) {
        record.times[i].count = RECORD_TIMES_MOST;
        for (size_t k = 0; k < RECORD_TIMES_MOST; k++) {
            record.times[i].at[k] = 1800000000000 + (int64_t)k * 30 * 24 * 3600 * 1000 / RECORD_TIMES_MOST;
            record.times[i].weight[k] = 1;
        }
    }
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size;
    assert_int_equal(user_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
}

static void a_password_and_what_waits_for_one_come_back_the_same(void **state)
{
    (void)state;
    struct password_record read, record = {.request_id = TEXT(ID),
                                           .inc = {1, 2, 3},
                                           .made_ms = 4,
                                           .expires_ms = 5,
                                           .opened = true,
                                           .method = METHOD_TEMPORARY_PASSWORD_CHOSEN,
                                           .salt = {6},
                                           .verifier = {7},
                                           .tenant = TEXT("acme"),
                                           .user_id = TEXT("u1"),
                                           .kid = TEXT("r1"),
                                           .mac = {8}};
    struct staged_record staged_read, staged = {.method = METHOD_TEMPORARY_PASSWORD_HANDED,
                                                .verifier = {9},
                                                .tenant = TEXT("acme"),
                                                .user_id = TEXT("u1"),
                                                .made_ms = 10,
                                                .kid = TEXT("r1"),
                                                .mac = {11}};
    char bytes[512], again[512];
    size_t size, again_size;
    assert_int_equal(password_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(password_record_parse((struct text){bytes, size}, &read), STATUS_OK);
    assert_true(read.opened && read.salt[0] == 6 && read.verifier[0] == 7 && read.mac[0] == 8);
    assert_int_equal(password_record_format(&read, again, sizeof again, &again_size), STATUS_OK);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    assert_int_equal(password_record_parse((struct text){bytes, size - 1}, &read), STATUS_INVALID);

    assert_int_equal(staged_record_format(&staged, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(staged_record_parse((struct text){bytes, size}, &staged_read), STATUS_OK);
    assert_int_equal(staged_read.method, METHOD_TEMPORARY_PASSWORD_HANDED);
    assert_true(staged_read.verifier[0] == 9 && staged_read.mac[0] == 11 && staged_read.made_ms == 10);
    assert_int_equal(password_record_parse((struct text){bytes, size}, &read), STATUS_INVALID);
}

static void attempts_that_nobody_wrote_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"",         "1",         "1\t1",    "1\t0\t5",
                                        "1\t1\t05", "1\t1\t5\t", "2\t1\t5", "1\t-1\t5"};
    struct attempts_record read, record = {.count = 3, .not_before_ms = 1800000000000};
    char bytes[64];
    size_t size;
    assert_int_equal(attempts_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(size, strlen("1\t3\t1800000000000"));
    assert_int_equal(attempts_record_parse((struct text){bytes, size}, &read), STATUS_OK);
    assert_true(read.count == 3 && read.not_before_ms == 1800000000000);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (attempts_record_parse(text_of(lines[i]), &read) != STATUS_INVALID)
            fail_msg("\"%s\" was read", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_lanes_come_back_the_same),
        cmocka_unit_test(a_users_fullest_record_fits_into_the_store),
        cmocka_unit_test(a_password_and_what_waits_for_one_come_back_the_same),
        cmocka_unit_test(attempts_that_nobody_wrote_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
