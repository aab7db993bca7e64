/* What a producer takes, delivers, drains and tells of its topic; on librdkafka's mock cluster. */
#include "support.h"

#include <stdlib.h>

#include "support/kafka_sender.h"

static void a_message_arrives_whole_where_java_would_put_it(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 7);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 0);
    assert_int_equal(kafka_sender_send(producer, TEXT("hello"), &answers), STATUS_OK);
    assert_int_equal(answers.count, 0);
    kafka_fixture_until(&fixture, &answers.count, 1);
    assert_int_equal(answers.last.status, STATUS_OK);
    assert_int_equal(answers.last.offset, 0);
    assert_int_equal(answers.last.timestamp_ms, -1); /* the mock cluster's 1234 is no clock */
    assert_false(answers.last.broker_timestamp);
    int partition = rd_kafka_msg_partitioner_murmur2(NULL, "acme/u1", 7, 7, NULL, NULL);
    assert_int_equal(answers.last.partition, partition);
    rd_kafka_t *reader = kafka_fixture_reader(&fixture, "requested", partition, 0);
    char value[16];
    kafka_sender_read(reader, value, sizeof value);
    assert_string_equal(value, "hello");
    rd_kafka_destroy(reader);
    assert_int_equal(kafka_producer_figures(producer).in_flight, 0);
    assert_int_equal(kafka_producer_figures(producer).delivered, 1);
    kafka_producer_free(&producer);
    assert_null(producer);
    kafka_fixture_close(&fixture);
}

static void a_message_too_large_is_refused_at_once(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    struct error error;
    kafka_fixture_open(&fixture);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 0);
    char *large = calloc(1, 2000000);
    const struct kafka_message message = {.topic = "requested", .value = {large, 2000000}};
    assert_int_equal(kafka_producer_send(producer, &message, kafka_sender_answered, &answers, &error),
                     STATUS_INVALID);
    free(large);
    kafka_producer_free(&producer);
    assert_int_equal(answers.count, 0);
    kafka_fixture_close(&fixture);
}

struct drained {
    int count;
    enum status status;
};

static void take_drained(void *context, enum status status)
{
    struct drained *drained = context;
    drained->count++;
    drained->status = status;
}

static void a_drain_ends_with_the_last_answer_or_at_its_deadline(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    struct drained drained = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 30000);
    kafka_producer_drain(producer, 1000, take_drained, &drained);
    kafka_fixture_until(&fixture, &drained.count, 1);
    assert_int_equal(drained.status, STATUS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    kafka_producer_drain(producer, 30000, take_drained, &drained);
    kafka_fixture_until(&fixture, &drained.count, 2);
    assert_int_equal(drained.status, STATUS_OK);
    assert_int_equal(answers.ok, 100);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    kafka_producer_drain(producer, 200, take_drained, &drained);
    kafka_fixture_until(&fixture, &drained.count, 3);
    assert_int_equal(drained.status, STATUS_TIMEOUT);
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

struct probed {
    int count, partitions;
    enum status status;
};

static void take_probed(void *context, enum status status, int partitions, const struct error *error)
{
    struct probed *probed = context;
    probed->count++;
    probed->status = status;
    probed->partitions = partitions;
    assert_true((status == STATUS_OK) == (error->text[0] == '\0'));
}

static void a_probe_tells_whether_the_topic_can_be_written(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct probed probed = {0};
    struct error error;
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 3);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 0);
    assert_ok(kafka_producer_probe(producer, "requested", 2000, take_probed, &probed, &error), &error);
    assert_int_equal(kafka_producer_probe(producer, "requested", 2000, take_probed, &probed, &error),
                     STATUS_CONFLICT);
    kafka_fixture_until(&fixture, &probed.count, 1);
    assert_int_equal(probed.status, STATUS_OK);
    assert_int_equal(probed.partitions, 3);
    rd_kafka_mock_topic_set_error(fixture.cluster, "other", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_ok(kafka_producer_probe(producer, "other", 2000, take_probed, &probed, &error), &error);
    kafka_fixture_until(&fixture, &probed.count, 2);
    assert_int_equal(probed.status, STATUS_NOT_FOUND);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_ok(kafka_producer_probe(producer, "requested", 300, take_probed, &probed, &error), &error);
    kafka_fixture_until(&fixture, &probed.count, 3);
    assert_int_equal(probed.status, STATUS_UNAVAILABLE);
    assert_ok(kafka_producer_probe(producer, "requested", 300, take_probed, &probed, &error), &error);
    kafka_producer_free(&producer); /* in the middle of one: no callback, no leak */
    assert_int_equal(probed.count, 3);
    kafka_fixture_close(&fixture);
}

static void what_a_promise_rests_on_cannot_be_configured_away(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *field;
    } cases[] = {
        {"acks", "1", "kafka.acks"},
        {"enable.idempotence", "false", "kafka.enable.idempotence"},
        {"message.timeout.ms", "1", "kafka.message.timeout.ms"},
        {"no.such.property", "1", "kafka.no.such.property"},
        {"linger.ms", "soon", "kafka.linger.ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kafka_fixture fixture;
        struct error error = {0};
        struct kafka_producer *producer = NULL;
        kafka_fixture_open(&fixture);
        kafka_fixture_property(&fixture, cases[i].name, cases[i].value);
        const struct kafka_producer_settings with = {.properties = fixture.properties};
        assert_int_equal(kafka_producer_new(fixture.base, &with, &producer, &error), STATUS_CONFIG);
        assert_string_equal(error.field, cases[i].field);
        assert_null(producer);
        kafka_fixture_close(&fixture);
    }
    struct event_base *base = event_base_new();
    struct error error = {0};
    struct kafka_producer *producer = NULL;
    const struct kafka_producer_settings nothing = {0};
    assert_int_equal(kafka_producer_new(base, &nothing, &producer, &error), STATUS_CONFIG);
    assert_string_equal(error.field, "kafka.bootstrap.servers");
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_arrives_whole_where_java_would_put_it),
        cmocka_unit_test(a_message_too_large_is_refused_at_once),
        cmocka_unit_test(a_drain_ends_with_the_last_answer_or_at_its_deadline),
        cmocka_unit_test(a_probe_tells_whether_the_topic_can_be_written),
        cmocka_unit_test(what_a_promise_rests_on_cannot_be_configured_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
