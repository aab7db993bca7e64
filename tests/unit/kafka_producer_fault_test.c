/* A producer in trouble: each message is answered once and truly, and none that was taken is lost; on
 * librdkafka's mock cluster. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/kafka_sender.h"

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
    struct kafka_producer *producer = kafka_sender_open(&fixture, 20000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kafka_answers answers = {0};
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_PRODUCE, 1, cases[i].code);
        assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
        kafka_fixture_until(&fixture, &answers.count, 1);
        if (answers.last.status != cases[i].status)
            fail_msg("%s: %s (%s)", rd_kafka_err2name(cases[i].code), status_name(answers.last.status),
                     answers.last.reason);
        assert_int_equal(answers.last.maybe_persisted, cases[i].maybe_persisted);
    }
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_fatal_error_is_survived_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { MESSAGES = 200 };
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 20000);
    char value[16];
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(kafka_sender_send(producer, text_of(value), &answers), STATUS_OK);
    }
    kafka_fixture_until(&fixture, &answers.count, MESSAGES);
    assert_int_equal(answers.ok, MESSAGES);
    assert_int_equal(kafka_producer_figures(producer).handles, 2);
    rd_kafka_t *reader = kafka_fixture_reader(&fixture, "requested", 0, 0);
    bool seen[MESSAGES] = {false}; /* in any order: what is new overtakes what is produced again */
    for (int i = 0; i < MESSAGES; i++) {
        kafka_sender_read(reader, value, sizeof value);
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
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    kafka_fixture_property(&fixture, "batch.num.messages", "1"); /* many requests in flight */
    struct kafka_producer *producer = kafka_sender_open(&fixture, 20000);
    assert_int_equal(kafka_sender_send(producer, TEXT("first"), &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1);
    rd_kafka_mock_push_request_errors(
        fixture.cluster, KAFKA_API_PRODUCE, 5, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1 + MESSAGES);
    assert_int_equal(answers.ok, 1 + MESSAGES);
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_producer_that_stays_broken_answers_at_the_deadline(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    for (int i = 0; i < 20; i++)
        rd_kafka_mock_push_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID, 1,
                                          RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 1500);
    assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 1);
    assert_int_equal(answers.last.status, STATUS_TIMEOUT);
    assert_true(kafka_producer_figures(producer).handles >= 3);
    rd_kafka_mock_clear_request_errors(fixture.cluster, KAFKA_API_INIT_PRODUCER_ID);
    while (answers.last.status != STATUS_OK) { /* it recovers by itself */
        int before = answers.count;
        if (kafka_sender_send(producer, TEXT("y"), &answers) == STATUS_OK)
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
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_topic(&fixture, "requested", 1);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 400);
    for (int i = 0; i < 5; i++)
        assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    kafka_fixture_until(&fixture, &answers.count, 5);
    assert_int_equal(answers.last.status, STATUS_TIMEOUT);
    assert_true(answers.last.maybe_persisted);
    assert_int_equal(kafka_producer_figures(producer).failed, 5);
    rd_kafka_mock_broker_set_up(fixture.cluster, 1);
    while (answers.last.status != STATUS_OK) {
        int before = answers.count;
        assert_int_equal(kafka_sender_send(producer, TEXT("y"), &answers), STATUS_OK);
        kafka_fixture_until(&fixture, &answers.count, before + 1);
    }
    kafka_producer_free(&producer);
    kafka_fixture_close(&fixture);
}

static void a_full_queue_refuses_and_the_rest_is_answered_on_free(void **state)
{
    (void)state;
    struct kafka_fixture fixture;
    struct kafka_answers answers = {0};
    kafka_fixture_open(&fixture);
    kafka_fixture_property(&fixture, "queue.buffering.max.messages", "10");
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    struct kafka_producer *producer = kafka_sender_open(&fixture, 30000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_OK);
    assert_int_equal(kafka_sender_send(producer, TEXT("x"), &answers), STATUS_FULL);
    assert_int_equal(answers.count, 0);
    kafka_producer_free(&producer);
    assert_int_equal(answers.count, 10);
    assert_int_equal(answers.last.status, STATUS_UNAVAILABLE);
    kafka_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_of_the_broker_has_its_class),
        cmocka_unit_test(a_fatal_error_is_survived_and_nothing_is_lost),
        cmocka_unit_test(a_sequence_out_of_order_breaks_the_handle_and_nothing_is_lost),
        cmocka_unit_test(a_producer_that_stays_broken_answers_at_the_deadline),
        cmocka_unit_test(without_a_broker_the_answer_comes_at_the_deadline_and_says_maybe),
        cmocka_unit_test(a_full_queue_refuses_and_the_rest_is_answered_on_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
