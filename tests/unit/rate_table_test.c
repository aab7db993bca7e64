/* Who is let through how often, who is told to wait how long, and whom a full table forgets. */
#include "support.h"

#include <sodium.h>

#include "core/rate_table.h"

enum { HOUR = 3600000 };

static const unsigned char secret[RATE_SECRET_SIZE] = {1, 2, 3};

static struct rate_table *table_of(size_t most, uint32_t count, int64_t period_ms)
{
    struct rate_table *table =
        rate_table_new(most, &(struct rate){.count = count, .period_ms = period_ms}, secret);
    assert_non_null(table);
    return table;
}

static struct rate_key key_of(uint64_t number)
{
    struct rate_key key = {{0}};
    memcpy(key.bytes, &number, sizeof number);
    return key;
}

static enum rate_answer take(struct rate_table *table, uint64_t caller, int64_t now_ms)
{
    int64_t wait_ms;
    struct rate_key key = key_of(caller);
    return rate_table_take(table, &key, now_ms, &wait_ms);
}

static void each_caller_has_the_rate_to_itself(void **state)
{
    (void)state;
    struct rate_table *table = table_of(100, 3, HOUR);
    for (uint64_t caller = 0; caller < 50; caller++)
        for (int i = 0; i < 4; i++)
            assert_int_equal(take(table, caller, 5), i < 3 ? RATE_TAKEN : RATE_REFUSED);
    rate_table_free(&table);
    assert_null(table);
}

/* A plain list of the times let through says what was right. */
static void never_more_than_the_rate_in_any_period(void **state)
{
    (void)state;
    static const struct {
        uint32_t count;
        int64_t period_ms;
        int64_t step_ms; /* between two calls, up to */
    } cases[] = {{1, HOUR, 400000}, {3, HOUR, 300000}, {20, HOUR, 60000}, {5, 1000, 40},
                 {2, 7, 2},         {1, 1, 1},         {40, 100, 3},      {7, 15, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum { CALLS = 4000 };
        static int64_t taken[CALLS];
        struct rate_table *table = table_of(4, cases[i].count, cases[i].period_ms);
        size_t count = 0;
        int64_t now = 1000003;
        uint32_t random = 7;
        for (int call = 0; call < CALLS; call++) {
            random = random * 1664525u + 1013904223u;
            now += (random >> 8) % (uint32_t)(cases[i].step_ms + 1);
            size_t recent = 0;
            for (size_t j = 0; j < count; j++)
                recent += taken[j] > now - cases[i].period_ms;
            enum rate_answer answer = take(table, 1, now);
            if (answer == RATE_TAKEN) {
                assert_true(recent < cases[i].count);
                taken[count++] = now;
            } else { /* refused only where the last period and a fifteenth are full */
                int64_t late = (cases[i].period_ms + 14) / 15 * 16;
                size_t lately = 0;
                for (size_t j = 0; j < count; j++)
                    lately += taken[j] > now - late;
                assert_true(lately >= cases[i].count);
            }
        }
        assert_true(count > cases[i].count);
        rate_table_free(&table);
    }
}

static void who_waits_as_long_as_told_is_let_through_and_not_before(void **state)
{
    (void)state;
    struct rate_table *table = table_of(4, 3, HOUR);
    struct rate_key key = key_of(9);
    for (int64_t start = 1; start < 20 * (int64_t)HOUR; start += 2 * HOUR + 123457) {
        int64_t wait_ms = 0, again_ms = 0;
        assert_int_equal(rate_table_take(table, &key, start, &wait_ms), RATE_TAKEN);
        assert_int_equal(rate_table_take(table, &key, start + HOUR / 2, &wait_ms), RATE_TAKEN);
        assert_int_equal(rate_table_take(table, &key, start + HOUR / 2, &wait_ms), RATE_TAKEN);
        int64_t now = start + HOUR / 2 + 60000;
        assert_int_equal(rate_table_take(table, &key, now, &wait_ms), RATE_REFUSED);
        assert_in_range(wait_ms, HOUR / 2 - 60000, HOUR / 2 - 60000 + HOUR / 15);
        assert_int_not_equal(rate_table_take(table, &key, now + wait_ms - 1, &again_ms), RATE_TAKEN);
        assert_int_equal(again_ms, 1);
        assert_int_equal(rate_table_take(table, &key, now + wait_ms, &again_ms), RATE_TAKEN);
    }
    rate_table_free(&table);
}

static void refusals_turn_quiet_after_as_many_as_the_rate(void **state)
{
    (void)state;
    struct rate_table *table = table_of(4, 2, HOUR);
    static const enum rate_answer expected[] = {RATE_TAKEN,   RATE_TAKEN,           RATE_REFUSED,
                                                RATE_REFUSED, RATE_REFUSED_QUIETLY, RATE_REFUSED_QUIETLY};
    for (int period = 0; period < 3; period++)
        for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
            assert_int_equal(take(table, 1, period * 2 * (int64_t)HOUR), expected[i]);
    rate_table_free(&table);
}

static void what_is_given_back_may_be_taken_again(void **state)
{
    (void)state;
    struct rate_table *table = table_of(2, 1, HOUR);
    struct rate_key key = key_of(1), stranger = key_of(2);
    rate_table_return(table, &stranger, 0);
    for (int64_t now = 0; now < 10; now++) {
        assert_int_equal(take(table, 1, now), RATE_TAKEN);
        rate_table_return(table, &key, now);
    }
    assert_int_equal(take(table, 1, 11), RATE_TAKEN);
    rate_table_return(table, &key, 11 - 2 * HOUR); /* out of the ring */
    assert_int_equal(take(table, 1, 12), RATE_REFUSED);
    rate_table_return(table, &key, 11);
    rate_table_return(table, &key, 11); /* one too many is harmless */
    assert_int_equal(take(table, 1, 13), RATE_TAKEN);
    assert_int_not_equal(take(table, 1, 14), RATE_TAKEN);
    rate_table_free(&table);
}

static void a_full_table_forgets_who_was_seen_longest_ago(void **state)
{
    (void)state;
    enum { MOST = 64 };
    struct rate_table *table = table_of(MOST, 1, HOUR);
    for (uint64_t caller = 0; caller < MOST; caller++)
        assert_int_equal(take(table, caller, 1), RATE_TAKEN);
    assert_int_equal(take(table, 0, 2), RATE_REFUSED); /* and is the latest now */
    assert_int_equal(take(table, MOST, 3), RATE_TAKEN);
    assert_int_not_equal(take(table, 0, 4), RATE_TAKEN);
    assert_int_not_equal(take(table, 2, 4), RATE_TAKEN);
    assert_int_equal(take(table, 1, 5), RATE_TAKEN); /* forgotten */
    assert_int_equal(take(table, 3, 6), RATE_TAKEN); /* 1 took the place of 3 */
    rate_table_free(&table);
}

static void a_flood_of_callers_takes_no_more_room(void **state)
{
    (void)state;
    for (size_t most = 1; most <= 256; most *= 16) {
        struct rate_table *table = table_of(most, 2, HOUR);
        for (uint64_t caller = 0; caller < 20000; caller++) {
            assert_int_equal(take(table, caller, (int64_t)caller), RATE_TAKEN);
            assert_int_equal(take(table, caller, (int64_t)caller), RATE_TAKEN);
            assert_int_equal(take(table, caller, (int64_t)caller), RATE_REFUSED);
        }
        rate_table_free(&table);
    }
}

static void a_rate_of_none_lets_nobody_through(void **state)
{
    (void)state;
    struct rate_table *table = table_of(2, 0, HOUR);
    assert_int_not_equal(take(table, 1, 1), RATE_TAKEN);
    rate_table_free(&table);
    rate_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_caller_has_the_rate_to_itself),
        cmocka_unit_test(never_more_than_the_rate_in_any_period),
        cmocka_unit_test(who_waits_as_long_as_told_is_let_through_and_not_before),
        cmocka_unit_test(refusals_turn_quiet_after_as_many_as_the_rate),
        cmocka_unit_test(what_is_given_back_may_be_taken_again),
        cmocka_unit_test(a_full_table_forgets_who_was_seen_longest_ago),
        cmocka_unit_test(a_flood_of_callers_takes_no_more_room),
        cmocka_unit_test(a_rate_of_none_lets_nobody_through),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
