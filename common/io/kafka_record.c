/* A record in one piece of memory: the struct, its header table, then all bytes.
 *
 * A message of librdkafka keeps the whole fetch answer alive that it came in (a megabyte for a record that
 * waits half an hour for its retry), and the handle cannot be destroyed while one is left.  A copy of a
 * kilobyte costs less than a third of a microsecond. */
#include "io/kafka_record.h"

#include <stdlib.h>
#include <string.h>

#include "io/kafka_message.h"

enum { HEADERS_ON_STACK = 32 };

size_t kafka_record_size(const struct kafka_record *record)
{
    size_t size = sizeof *record + record->header_count * sizeof *record->headers;
    size += strlen(record->topic) + 1 + record->key.size + record->value.size;
    for (size_t i = 0; i < record->header_count; i++)
        size += strlen(record->headers[i].name) + 1 + record->headers[i].value.size;
    return size;
}

/* Moves the text's bytes to `*end`; what is absent stays absent, what is empty stays empty. */
static void keep(struct text *text, char **end)
{
    if (text->bytes == NULL)
        return;
    memcpy(*end, text->bytes, text->size);
    text->bytes = *end;
    *end += text->size;
}

static const char *keep_string(const char *string, char **end)
{
    struct text text = {string, strlen(string) + 1};
    keep(&text, end);
    return text.bytes;
}

struct kafka_record *kafka_record_copy(const struct kafka_record *from)
{
    struct kafka_record *record = malloc(kafka_record_size(from));
    if (record == NULL)
        return NULL;
    *record = *from;
    struct kafka_record_header *headers = (struct kafka_record_header *)(record + 1);
    char *end = (char *)(headers + from->header_count);
    record->headers = headers;
    record->topic = keep_string(from->topic, &end);
    keep(&record->key, &end);
    keep(&record->value, &end);
    for (size_t i = 0; i < from->header_count; i++) {
        headers[i] = from->headers[i];
        headers[i].name = keep_string(from->headers[i].name, &end);
        keep(&headers[i].value, &end);
    }
    return record;
}

static size_t read_headers(const rd_kafka_headers_t *from, struct kafka_record_header *to, size_t count)
{
    size_t i = 0;
    const void *value;
    while (i < count && rd_kafka_header_get_all(from, i, &to[i].name, &value, &to[i].value.size) ==
                            RD_KAFKA_RESP_ERR_NO_ERROR)
        to[i++].value.bytes = value;
    return i;
}

struct kafka_record *kafka_record_of(const rd_kafka_message_t *message, struct kafka_reference reference)
{
    struct kafka_record_header few[HEADERS_ON_STACK], *many = NULL;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    rd_kafka_headers_t *headers = NULL;
    struct kafka_record record = {.reference = reference,
                                  .topic = rd_kafka_topic_name(message->rkt),
                                  .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                                  .key = {message->key, message->key_len},
                                  .value = {message->payload, message->len},
                                  .headers = few};
    if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
        record.timestamp_type = KAFKA_TIMESTAMP_LOG_APPEND;
    else if (type == RD_KAFKA_TIMESTAMP_CREATE_TIME)
        record.timestamp_type = KAFKA_TIMESTAMP_CREATE;
    else
        record.timestamp_ms = -1;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t count = rd_kafka_header_cnt(headers);
        if (count > HEADERS_ON_STACK) {
            many = malloc(count * sizeof *many);
            if (many == NULL)
                return NULL;
        }
        record.headers = many ? many : few;
        record.header_count = read_headers(headers, many ? many : few, count);
    }
    struct kafka_record *copy = kafka_record_copy(&record);
    free(many);
    return copy;
}

bool kafka_record_header(const struct kafka_record *record, const char *name, struct text *value)
{
    for (size_t i = record->header_count; i-- > 0;)
        if (strcmp(record->headers[i].name, name) == 0) {
            *value = record->headers[i].value;
            return true;
        }
    return false;
}

void kafka_record_free(struct kafka_record **record)
{
    free(*record);
    *record = NULL;
}
