/* A local queue that stays full takes no more memory, however many ask; on librdkafka's mock cluster. */
#include "support.h"

#ifndef __SANITIZE_ADDRESS__
#include <malloc.h>
#endif

#include "support/kafka_sender.h"

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc brings no header for it */
#endif

static size_t bytes_in_use(void)
{
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

/* As many as are asked for, one after another, until each that was taken is answered. */
static void knock(struct kafka_fixture *fixture, struct kafka_producer *producer, int times)
{
    enum { LIMIT = 100 };
    static const char value[1000];
    struct kafka_answers answers = {0};
    int taken = 0, refused = 0;
    for (int i = 0; i < times; i++) {
        enum status status = kafka_sender_send(producer, (struct text){value, sizeof value}, &answers);
        assert_true(status == STATUS_OK || status == STATUS_FULL);
        taken += status == STATUS_OK;
        refused += status == STATUS_FULL;
        assert_true(kafka_producer_figures(producer).in_flight <= LIMIT);
    }
    assert_true(refused >= times - LIMIT);
    kafka_fixture_until(fixture, &answers.count, taken);
    assert_int_equal(answers.ok, 0);
}

static void however_many_knock_at_a_full_queue_its_memory_is_the_same(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    kafka_fixture_open(&fixture);
    kafka_fixture_property(&fixture, "queue.buffering.max.messages", "100");
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 300);
    knock(&fixture, producer, 2000);
    size_t before = bytes_in_use();
    for (int round = 0; round < 3; round++)
        knock(&fixture, producer, 5000);
    size_t after = bytes_in_use();
    if (after > before + 200 * 1024) /* two queues full of such messages */
        fail_msg("%zu bytes were in use, then %zu", before, after);
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(however_many_knock_at_a_full_queue_its_memory_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
