/* What is due comes out first, whatever order it went in, and what is gone never comes out. */
#include "support.h"

#include "worker/due_queue.h"

static struct kafka_record *record(int32_t partition, int64_t offset)
{
    struct kafka_record *made = kafka_record_copy(
        &(struct kafka_record){.topic = "t", .reference = {.partition = partition, .offset = offset}});
    assert_non_null(made);
    return made;
}

static void records_come_out_when_they_are_due_earliest_first(void **state)
{
    (void)state;
    struct due_queue *queue = due_queue_new(500, SIZE_MAX);
    unsigned random = 7;
    for (int i = 0; i < 500; i++) {
        random = random * 1103515245u + 12345u;
        int64_t due = random % 1000;
        due_queue_add(queue, due, record(0, due));
    }
    assert_int_equal(due_queue_room(queue), 0);
    int64_t last = 0;
    size_t taken = 0;
    for (int64_t now = 0; now <= 1000; now += 10) {
        struct kafka_record *due;
        while ((due = due_queue_take(queue, now))) {
            assert_true(due->reference.offset <= now && due->reference.offset >= last);
            last = due->reference.offset;
            taken++;
            kafka_record_free(&due);
        }
        assert_true(due_queue_next(queue) > now);
    }
    assert_int_equal(taken, 500);
    due_queue_free(&queue);
}

static bool of_partition_1(void *context, struct kafka_reference reference)
{
    (void)context;
    return reference.partition == 1;
}

static void records_of_a_partition_that_is_gone_are_dropped(void **state)
{
    (void)state;
    struct due_queue *queue = due_queue_new(100, SIZE_MAX);
    for (int i = 0; i < 100; i++)
        due_queue_add(queue, (i * 37) % 100, record(i % 2, (i * 37) % 100));
    due_queue_drop(queue, of_partition_1, NULL);
    assert_int_equal(due_queue_size(queue), 50);
    struct kafka_record *due;
    int64_t last = 0;
    while ((due = due_queue_take(queue, 100))) {
        assert_int_equal(due->reference.partition, 0);
        assert_true(due->reference.offset >= last);
        last = due->reference.offset;
        kafka_record_free(&due);
    }
    due_queue_free(&queue);
    assert_null(queue);
}

static void a_queue_that_holds_enough_bytes_takes_no_more_until_one_leaves(void **state)
{
    (void)state;
    struct kafka_record *first = record(0, 1), *second = record(0, 2);
    struct due_queue *queue = due_queue_new(100, kafka_record_size(first) + 1);
    due_queue_add(queue, 1, first);
    assert_int_equal(due_queue_room(queue), 99);
    due_queue_add(queue, 2, second);
    assert_int_equal(due_queue_room(queue), 0);
    struct kafka_record *due = due_queue_take(queue, 1);
    kafka_record_free(&due);
    assert_int_equal(due_queue_room(queue), 99);
    due_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_when_they_are_due_earliest_first),
        cmocka_unit_test(records_of_a_partition_that_is_gone_are_dropped),
        cmocka_unit_test(a_queue_that_holds_enough_bytes_takes_no_more_until_one_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
