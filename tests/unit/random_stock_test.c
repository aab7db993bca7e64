/* Random bytes in portions: none is given twice, and none that was given is kept. */
#include "support.h"

#include "io/random_stock.h"

enum { PORTION = 16, PORTIONS = 100 };

static bool holds(const struct random_stock *stock, const unsigned char *portion)
{
    return memmem(stock->bytes, sizeof stock->bytes, portion, PORTION) != NULL;
}

static void no_portion_is_given_twice_or_kept(void **state)
{
    (void)state;
    struct random_stock stock = {0};
    unsigned char portions[PORTIONS][PORTION] = {0};
    for (size_t i = 0; i < PORTIONS; i++) {
        random_stock_take(&stock, portions[i], PORTION);
        assert_false(holds(&stock, portions[i]));
        for (size_t other = 0; other < i; other++)
            assert_memory_not_equal(portions[i], portions[other], PORTION);
    }
}

static void portions_of_any_size_are_filled_to_their_end(void **state)
{
    (void)state;
    struct random_stock stock = {0};
    unsigned char bytes[RANDOM_STOCK_SIZE + 1];
    for (size_t size = 0; size <= RANDOM_STOCK_SIZE; size++) {
        size_t same = 0;
        memset(bytes, 0xA5, sizeof bytes);
        random_stock_take(&stock, bytes, size);
        assert_int_equal(bytes[size], 0xA5);
        for (size_t i = 0; i < size; i++)
            same += bytes[i] == 0xA5 || bytes[i] == 0;
        assert_true(same < size / 4 + 8); /* by chance: one in 128 */
    }
}

static void what_is_left_is_wiped_at_the_end(void **state)
{
    (void)state;
    const struct random_stock empty = {0};
    struct random_stock stock = {0};
    unsigned char bytes[PORTION];
    random_stock_take(&stock, bytes, sizeof bytes);
    assert_memory_not_equal(&stock, &empty, sizeof stock);
    random_stock_clear(&stock);
    assert_memory_equal(&stock, &empty, sizeof stock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_portion_is_given_twice_or_kept),
        cmocka_unit_test(portions_of_any_size_are_filled_to_their_end),
        cmocka_unit_test(what_is_left_is_wiped_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
