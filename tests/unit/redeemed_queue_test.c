/* Redeemed requests wait in order, once each, and never more than there is room for. */
#include "support.h"

#include "producer/redeemed_queue.h"

static struct uuid id_of(uint32_t number)
{
    struct uuid uuid = {{0}};
    for (int i = 0; i < 4; i++)
        uuid.bytes[12 + i] = (unsigned char)(number >> (24 - 8 * i));
    return uuid;
}

static void assert_first(const struct redeemed_queue *queue, uint32_t number, int64_t due_ms)
{
    struct uuid id, expected = id_of(number);
    int64_t due;
    assert_true(redeemed_queue_first(queue, &id, &due));
    assert_memory_equal(id.bytes, expected.bytes, UUID_SIZE);
    assert_int_equal(due, due_ms);
}

static void requests_come_in_order_and_once(void **state)
{
    (void)state;
    struct redeemed_queue *queue = redeemed_queue_new();
    struct uuid id, first = id_of(1), second = id_of(2);
    int64_t due;
    assert_non_null(queue);
    assert_false(redeemed_queue_first(queue, &id, &due));
    assert_true(redeemed_queue_add(queue, &first, 10));
    assert_true(redeemed_queue_add(queue, &second, 20));
    assert_true(redeemed_queue_add(queue, &first, 30)); /* asked again: stays where it is */
    assert_first(queue, 1, 10);
    redeemed_queue_take(queue);
    assert_first(queue, 2, 20);
    assert_true(redeemed_queue_add(queue, &first, 40)); /* taken, so it is another one */
    redeemed_queue_take(queue);
    assert_first(queue, 1, 40);
    redeemed_queue_take(queue);
    assert_false(redeemed_queue_first(queue, &id, &due));
    redeemed_queue_free(&queue);
    assert_null(queue);
}

static void a_full_queue_refuses_and_goes_on(void **state)
{
    (void)state;
    struct redeemed_queue *queue = redeemed_queue_new();
    assert_non_null(queue);
    for (uint32_t i = 0; i < REDEEMED_QUEUE_MOST; i++) {
        struct uuid id = id_of(i * 257); /* so that chains have more than one */
        assert_true(redeemed_queue_add(queue, &id, i));
    }
    struct uuid more = id_of(1), there = id_of(257);
    assert_false(redeemed_queue_add(queue, &more, REDEEMED_QUEUE_MOST));
    assert_true(redeemed_queue_add(queue, &there, REDEEMED_QUEUE_MOST));
    redeemed_queue_take(queue);
    assert_true(redeemed_queue_add(queue, &more, REDEEMED_QUEUE_MOST));
    for (uint32_t i = 1; i < REDEEMED_QUEUE_MOST; i++) {
        assert_first(queue, i * 257, i);
        redeemed_queue_take(queue);
    }
    assert_first(queue, 1, REDEEMED_QUEUE_MOST);
    redeemed_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_in_order_and_once),
        cmocka_unit_test(a_full_queue_refuses_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
