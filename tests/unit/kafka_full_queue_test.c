/* A local queue that stays full takes no more memory, however many ask; on librdkafka's mock cluster. */
#include "support.h"

#ifndef __SANITIZE_ADDRESS__
#include <malloc.h>
#endif

#include "io/kafka_producer.h"
#include "support/kafka_fixture.h"

struct answers {
    int count, ok;
};

static void take_answer(void *context, const struct kafka_delivery *delivery)
{
    struct answers *answers = context;
    answers->count++;
    answers->ok += delivery->status == STATUS_OK;
}

static void ignore_notice(void *context, int severity, const char *facility, const char *text)
{
    (void)context, (void)severity, (void)facility, (void)text;
}

static struct kafka_producer *open_producer(struct kafka_fixture *fixture)
{
    struct error error = {0};
    struct kafka_producer *producer = NULL;
    const struct kafka_producer_settings with = {
        .properties = fixture->properties, .deadline_ms = 300, .notice = ignore_notice};
    assert_ok(kafka_producer_new(fixture->base, &with, &producer, &error), &error);
    return producer;
}

static enum status send_value(struct kafka_producer *producer, struct answers *answers)
{
    static const char value[1000];
    struct error error;
    const struct kafka_message message = {.topic = "requested", .value = {value, sizeof value}};
    return kafka_producer_send(producer, &message, take_answer, answers, &error);
}

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
    struct answers answers = {0};
    int taken = 0, refused = 0;
    for (int i = 0; i < times; i++) {
        enum status status = send_value(producer, &answers);
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
    struct kafka_producer *producer = open_producer(&fixture);
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
