/* Every message is answered once and truly, whatever the broker does; on librdkafka's mock cluster. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/kafka_producer.h"
#include "support/kafka_fixture.h"

struct answers {
    int count, ok;
    struct kafka_delivery last;
};

static void take_answer(void *context, const struct kafka_delivery *delivery)
{
    struct answers *answers = context;
    answers->count++;
    answers->ok += delivery->status == STATUS_OK;
    answers->last = *delivery;
}

static int ignored_notices;
static void ignore_notice(void *context, int severity, const char *facility, const char *text)
{
    (void)context, (void)severity, (void)facility, (void)text;
    ignored_notices++;
}

static struct kafka_producer *open_producer(struct kafka_fixture *fixture, int deadline_ms)
{
    struct error error = {0};
    struct kafka_producer *producer = NULL;
    const struct kafka_producer_settings with = {
        .properties = fixture->properties, .deadline_ms = deadline_ms, .notice = ignore_notice};
    assert_ok(kafka_producer_new(fixture->base, &with, &producer, &error), &error);
    return producer;
}

static enum status send_value(struct kafka_producer *producer, const char *value, struct answers *answers)
{
    struct error error;
    const struct kafka_header headers[] = {{"trace", TEXT("one")}, {"empty", TEXT("")}};
    const struct kafka_message message = {.topic = "requested",
                                          .key = TEXT("acme/u1"),
                                          .value = text_of(value),
                                          .headers = headers,
                                          .header_count = 2};
    return kafka_producer_send(producer, &message, take_answer, answers, &error);
}

/* Reads the next record, which must be whole, and copies its value. */
static void read_value(rd_kafka_t *reader, char *value, size_t size)
{
    rd_kafka_message_t *record = NULL;
    rd_kafka_headers_t *headers;
    const void *header;
    size_t header_size;
    for (int i = 0; i < 30 && record == NULL; i++)
        record = rd_kafka_consumer_poll(reader, 1000);
    assert_non_null(record);
    assert_int_equal(record->err, 0);
    assert_int_equal(record->key_len, 7);
    assert_memory_equal(record->key, "acme/u1", 7);
    assert_true(record->len < size);
    memcpy(value, record->payload, record->len);
    value[record->len] = '\0';
    assert_int_equal(rd_kafka_message_headers(record, &headers), 0);
    assert_int_equal(rd_kafka_header_get_last(headers, "trace", &header, &header_size), 0);
    assert_int_equal(header_size, 3);
    assert_memory_equal(header, "one", 3);
    assert_int_equal(rd_kafka_header_cnt(headers), 2);
    rd_kafka_message_destroy(record);
}

static void a_message_arrives_whole_where_java_would_put_it(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 7);
    struct kafka_producer *producer = open_producer(&fixture, 0);
    assert_int_equal(send_value(producer, "hello", &answers), STATUS_OK);
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
    read_value(reader, value, sizeof value);
    assert_string_equal(value, "hello");
    rd_kafka_destroy(reader);
    assert_int_equal(kafka_producer_figures(producer).in_flight, 0);
    assert_int_equal(kafka_producer_figures(producer).delivered, 1);
    kafka_producer_free(&producer);
    assert_null(producer);
    kafka_fixture_close(&fixture);
}

static void each_error_of_the_broker_has_its_class(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t code;
        enum status status;
        bool maybe_persisted;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, STATUS_INVALID, false},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, STATUS_INVALID, false},
        {RD_KAFKA_RESP_ERR_INVALID_MSG, STATUS_UNAVAILABLE, false}, /* the checksum is wrong */
        {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, STATUS_OK, false},  /* retried */
        {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, STATUS_OK, false},
        {RD_KAFKA_RESP_ERR__TRANSPORT, STATUS_OK, false}, /* the connection breaks */
        {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, STATUS_OK, false},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, STATUS_DENIED, false},
    };
    struct kafka_fixture fixture;
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    struct kafka_producer *producer = open_producer(&fixture, 20000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answers answers = {0};
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_PRODUCE, 1, cases[i].code);
        assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
        kafka_fixture_until(&fixture, &answers.count, 1);
        if (answers.last.status != cases[i].status)
            fail_msg("%s: %s (%s)", rd_kafka_err2name(cases[i].code), status_name(answers.last.status),
                     answers.last.reason);
        assert_int_equal(answers.last.maybe_persisted, cases[i].maybe_persisted);
    }
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_message_too_large_is_refused_at_once(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct answers answers = {0};
    struct error error;
    kafka_fixture_open(&fixture);
    struct kafka_producer *producer = open_producer(&fixture, 0);
    char *large = calloc(1, 2000000);
    const struct kafka_message message = {.topic = "requested", .value = {large, 2000000}};
    assert_int_equal(kafka_producer_send(producer, &message, take_answer, &answers, &error), STATUS_INVALID);
    free(large);
    kafka_producer_free(&producer);
    assert_int_equal(answers.count, 0);
    kafka_fixture_close(&fixture);
}

static void a_fatal_error_is_survived_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { MESSAGES = 200 };
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    struct kafka_producer *producer = open_producer(&fixture, 20000);
    char value[16];
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(send_value(producer, value, &answers), STATUS_OK);
    }
    kafka_fixture_until(&fixture, &answers.count, MESSAGES);
    assert_int_equal(answers.ok, MESSAGES);
    assert_int_equal(kafka_producer_figures(producer).handles, 2);
    rd_kafka_t *reader = kafka_fixture_reader(&fixture, "requested", 0, 0);
    bool seen[MESSAGES] = {false}; /* in any order: what is new overtakes what is produced again */
    for (int i = 0; i < MESSAGES; i++) {
        read_value(reader, value, sizeof value);
        long number = strtol(value, NULL, 10);
        assert_in_range(number, 0, MESSAGES - 1);
        assert_false(seen[number]);
        seen[number] = true;
    }
    rd_kafka_destroy(reader);
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_sequence_out_of_order_breaks_the_handle_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { MESSAGES = 50 };
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    kafka_fixture_property(&fixture, "batch.num.messages", "1"); /* many requests in flight */
    struct kafka_producer *producer = open_producer(&fixture, 20000);
    assert_int_equal(send_value(producer, "first", &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, KAFKA_API_PRODUCE, 5, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1 + MESSAGES);
    assert_int_equal(answers.ok, 1 + MESSAGES);
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_producer_that_stays_broken_answers_at_the_deadline(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    for (int i = 0; i < 20; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID, 1,
                                          RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    struct kafka_producer *producer = open_producer(&fixture, 1500);
    assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1);
    assert_int_equal(answers.last.status, STATUS_TIMEOUT);
    assert_true(kafka_producer_figures(producer).handles >= 3);
    rd_kafka_mock_clear_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID);
    while (answers.last.status != STATUS_OK) { /* it recovers by itself */
        int before = answers.count;
        if (send_value(producer, "y", &answers) == STATUS_OK)
            kafka_fixture_until(&fixture, &answers.count, before + 1);
        else
            event_base_loop(fixture.base, EVLOOP_ONCE);
    }
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void without_a_broker_the_answer_comes_at_the_deadline_and_says_maybe(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    struct kafka_producer *producer = open_producer(&fixture, 400);
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 5);
    assert_int_equal(answers.last.status, STATUS_TIMEOUT);
    assert_true(answers.last.maybe_persisted);
    assert_int_equal(kafka_producer_figures(producer).failed, 5);
    rd_kafka_mock_broker_set_up(fixture.cluster, 1);
    while (answers.last.status != STATUS_OK) {
        int before = answers.count;
        assert_int_equal(send_value(producer, "y", &answers), STATUS_OK);
        kafka_fixture_until(&fixture, &answers.count, before + 1);
    }
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_full_queue_refuses_and_the_rest_is_answered_on_free(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_property(&fixture, "queue.buffering.max.messages", "10");
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    struct kafka_producer *producer = open_producer(&fixture, 30000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
    assert_int_equal(send_value(producer, "x", &answers), STATUS_FULL);
    assert_int_equal(answers.count, 0);
    kafka_producer_free(&producer);
    assert_int_equal(answers.count, 10);
    assert_int_equal(answers.last.status, STATUS_UNAVAILABLE);
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
    struct answers answers = {0};
    struct drained drained = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    struct kafka_producer *producer = open_producer(&fixture, 30000);
    kafka_producer_drain(producer, 1000, take_drained, &drained);
    kafka_fixture_until(&fixture, &drained.count, 1);
    assert_int_equal(drained.status, STATUS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
    kafka_producer_drain(producer, 30000, take_drained, &drained);
    kafka_fixture_until(&fixture, &drained.count, 2);
    assert_int_equal(drained.status, STATUS_OK);
    assert_int_equal(answers.ok, 100);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    assert_int_equal(send_value(producer, "x", &answers), STATUS_OK);
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
    struct kafka_producer *producer = open_producer(&fixture, 0);
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
        cmocka_unit_test(each_error_of_the_broker_has_its_class),
        cmocka_unit_test(a_message_too_large_is_refused_at_once),
        cmocka_unit_test(a_fatal_error_is_survived_and_nothing_is_lost),
        cmocka_unit_test(a_sequence_out_of_order_breaks_the_handle_and_nothing_is_lost),
        cmocka_unit_test(a_producer_that_stays_broken_answers_at_the_deadline),
        cmocka_unit_test(without_a_broker_the_answer_comes_at_the_deadline_and_says_maybe),
        cmocka_unit_test(a_full_queue_refuses_and_the_rest_is_answered_on_free),
        cmocka_unit_test(a_drain_ends_with_the_last_answer_or_at_its_deadline),
        cmocka_unit_test(a_probe_tells_whether_the_topic_can_be_written),
        cmocka_unit_test(what_a_promise_rests_on_cannot_be_configured_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
