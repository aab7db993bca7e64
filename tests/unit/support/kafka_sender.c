#include "support/kafka_sender.h"

#include "support.h"

void kafka_sender_answered(void *context, const struct kafka_delivery *delivery)
{
    struct kafka_answers *answers = context;
    answers->count++;
    answers->ok += delivery->status == STATUS_OK;
    answers->last = *delivery;
}

static void ignore_notice(void *context, int severity, const char *facility, const char *text)
{
    (void)context, (void)severity, (void)facility, (void)text;
}

struct kafka_producer *kafka_sender_open(struct kafka_fixture *fixture, int deadline_ms)
{
    struct error error = {0};
    struct kafka_producer *producer = NULL;
    const struct kafka_producer_settings with = {
        .properties = fixture->properties, .deadline_ms = deadline_ms, .notice = ignore_notice};
    assert_ok(kafka_producer_new(fixture->base, &with, &producer, &error), &error);
    return producer;
}

enum status kafka_sender_send(struct kafka_producer *producer, struct text value,
                              struct kafka_answers *answers)
{
    struct error error;
    const struct kafka_header headers[] = {{"trace", TEXT("one")}, {"empty", TEXT("")}};
    const struct kafka_message message = {
        .topic = "requested", .key = TEXT("acme/u1"), .value = value, .headers = headers, .header_count = 2};
    return kafka_producer_send(producer, &message, kafka_sender_answered, answers, &error);
}

void kafka_sender_read(rd_kafka_t *reader, char *value, size_t size)
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
