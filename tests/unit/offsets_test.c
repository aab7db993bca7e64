/* The offset that may be stored never passes one that is not complete, and reaches it as soon as it may. */
#include "support.h"

#include <stdlib.h>

#include "core/offsets.h"

static void what_is_complete_in_order_is_stored_at_once(void **state)
{
    (void)state;
    struct offsets offsets;
    offsets_init(&offsets, 1024);
    assert_int_equal(offsets_low(&offsets), -1);
    for (int64_t offset = 7; offset < 200; offset++) {
        assert_int_equal(offsets_add(&offsets, offset, 1000 + offset), STATUS_OK);
        assert_int_equal(offsets_low(&offsets), offset);
        assert_true(offsets_complete(&offsets, offset));
        assert_int_equal(offsets_low(&offsets), offset + 1);
        assert_int_equal(offsets_oldest_seconds(&offsets), -1);
    }
    offsets_clear(&offsets);
}

static void an_unfinished_offset_holds_the_mark_and_names_its_age(void **state)
{
    (void)state;
    struct offsets offsets;
    offsets_init(&offsets, 1024);
    for (int64_t offset = 0; offset < 100; offset++)
        assert_int_equal(offsets_add(&offsets, offset, 1000 + offset), STATUS_OK);
    for (int64_t offset = 99; offset > 40; offset--)
        assert_true(offsets_complete(&offsets, offset));
    for (int64_t offset = 0; offset < 40; offset++)
        assert_true(offsets_complete(&offsets, offset));
    assert_int_equal(offsets_low(&offsets), 40);
    assert_int_equal(offsets_oldest_seconds(&offsets), 1040);
    assert_int_equal(offsets.unfinished, 1);
    assert_true(offsets_complete(&offsets, 40));
    assert_int_equal(offsets_low(&offsets), 100);
    offsets_clear(&offsets);
}

static void what_is_not_in_flight_cannot_be_completed(void **state)
{
    (void)state;
    struct offsets offsets;
    offsets_init(&offsets, 64);
    assert_false(offsets_complete(&offsets, 0));
    assert_int_equal(offsets_add(&offsets, 10, 0), STATUS_OK);
    assert_int_equal(offsets_add(&offsets, 13, 0), STATUS_OK);
    static const int64_t strangers[] = {-1, 0, 9, 11, 12, 14, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        assert_false(offsets_complete(&offsets, strangers[i]));
    assert_true(offsets_complete(&offsets, 13));
    assert_false(offsets_complete(&offsets, 13));
    assert_int_equal(offsets_low(&offsets), 10);
    assert_true(offsets_complete(&offsets, 10));
    assert_false(offsets_complete(&offsets, 10));
    assert_int_equal(offsets_low(&offsets), 14);
    offsets_clear(&offsets);
}

static void offsets_must_rise(void **state)
{
    (void)state;
    struct offsets offsets;
    offsets_init(&offsets, 64);
    assert_int_equal(offsets_add(&offsets, -1, 0), STATUS_INVALID);
    assert_int_equal(offsets_add(&offsets, INT64_MAX, 0), STATUS_INVALID);
    assert_int_equal(offsets_add(&offsets, 5, 0), STATUS_OK);
    assert_int_equal(offsets_add(&offsets, 5, 0), STATUS_INVALID);
    assert_int_equal(offsets_add(&offsets, 4, 0), STATUS_INVALID);
    assert_true(offsets_complete(&offsets, 5));
    assert_int_equal(offsets_add(&offsets, 5, 0), STATUS_INVALID);
    assert_int_equal(offsets_add(&offsets, 6, 0), STATUS_OK);
    offsets_clear(&offsets);
}

static void too_far_from_the_oldest_is_full_until_that_one_ends(void **state)
{
    (void)state;
    struct offsets offsets;
    offsets_init(&offsets, 100); /* rounded up to 128 */
    for (int64_t offset = 1000; offset < 1128; offset++)
        assert_int_equal(offsets_add(&offsets, offset, 0), STATUS_OK);
    assert_int_equal(offsets_add(&offsets, 1128, 0), STATUS_FULL);
    for (int64_t offset = 1001; offset < 1128; offset++)
        assert_true(offsets_complete(&offsets, offset));
    assert_int_equal(offsets_add(&offsets, 1128, 0), STATUS_FULL);
    assert_true(offsets_complete(&offsets, 1000));
    assert_int_equal(offsets_add(&offsets, 1128, 0), STATUS_OK);
    assert_int_equal(offsets_add(&offsets, 1000000000000, 0), STATUS_FULL);
    assert_true(offsets_complete(&offsets, 1128));
    assert_int_equal(offsets_add(&offsets, 1000000000000, 0), STATUS_OK); /* nothing older: any distance */
    assert_int_equal(offsets_low(&offsets), 1000000000000);
    offsets_clear(&offsets);
}

/* Random walks beside the obvious model: an array with a flag for each offset. */
static void any_order_of_completion_gives_the_lowest_unfinished(void **state)
{
    (void)state;
    enum { SPAN = 4000, CAPACITY = 512 };
    for (unsigned seed = 1; seed <= 40; seed++) {
        srand(seed);
        static char kind[SPAN]; /* 0 never given out, 1 in flight, 2 complete */
        memset(kind, 0, sizeof kind);
        struct offsets offsets;
        offsets_init(&offsets, CAPACITY);
        int next = rand() % 50, lowest = next, added = 0;
        for (int step = 0; step < 12000 && next < SPAN; step++) {
            if (rand() % 2) {
                int gap = rand() % 10 == 0 ? rand() % 20 : 0;
                if (next + gap >= SPAN)
                    break;
                while (lowest < next && kind[lowest] != 1)
                    lowest++;
                bool fits = lowest == next || next + gap - lowest < CAPACITY;
                enum status status = offsets_add(&offsets, next + gap, step);
                assert_int_equal(status, fits ? STATUS_OK : STATUS_FULL);
                if (status == STATUS_OK) {
                    kind[next + gap] = 1;
                    next += gap + 1;
                    added++;
                }
            } else {
                int from = next > 700 ? next - 700 : 0;
                int pick = from + rand() % (next - from + 5);
                bool expected = pick < SPAN && kind[pick] == 1;
                assert_int_equal(offsets_complete(&offsets, pick), expected);
                if (expected) {
                    kind[pick] = 2;
                    added--;
                }
            }
            lowest = 0;
            while (lowest < next && kind[lowest] != 1)
                lowest++;
            if (offsets_low(&offsets) >= 0)
                assert_int_equal(offsets_low(&offsets), lowest);
            assert_int_equal(offsets.unfinished, added);
        }
        offsets_clear(&offsets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_complete_in_order_is_stored_at_once),
        cmocka_unit_test(an_unfinished_offset_holds_the_mark_and_names_its_age),
        cmocka_unit_test(what_is_not_in_flight_cannot_be_completed),
        cmocka_unit_test(offsets_must_rise),
        cmocka_unit_test(too_far_from_the_oldest_is_full_until_that_one_ends),
        cmocka_unit_test(any_order_of_completion_gives_the_lowest_unfinished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
