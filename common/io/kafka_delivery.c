/* Produce and delivery report, without state.
 *
 * The classes answer one question each of the caller's: INVALID, NOT_FOUND and DENIED are not cured by
 * waiting; after TIMEOUT Kafka may have the message; everything else is the cluster's trouble and passes.  A
 * topic that takes no record of any kind (its name, a policy) is the cluster's trouble, too, not the
 * record's; and so is a batch that arrived with other bits (Kafka's CORRUPT_MESSAGE, here INVALID_MSG). */
#include "io/kafka_delivery.h"

/* 2001: librdkafka's mock cluster (dev-broker) reports 1234 as its LogAppendTime, which is no clock at all.
 */
#define FIRST_CLOCK_MS INT64_C(1000000000000)

enum status kafka_delivery_status(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return STATUS_OK;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        return STATUS_FULL;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return STATUS_TIMEOUT;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return STATUS_INVALID;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return STATUS_NOT_FOUND;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        return STATUS_DENIED;
    default:
        return STATUS_UNAVAILABLE;
    }
}

struct kafka_delivery kafka_delivery_of(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    struct kafka_delivery delivery = {.status = kafka_delivery_status(message->err),
                                      .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                                      .offset = message->offset < 0 ? -1 : message->offset,
                                      .partition = message->partition,
                                      .reason = message->err ? rd_kafka_err2str(message->err) : ""};
    delivery.broker_timestamp =
        type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME && delivery.timestamp_ms >= FIRST_CLOCK_MS;
    if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME && !delivery.broker_timestamp)
        delivery.timestamp_ms = -1;
    delivery.maybe_persisted =
        message->err && rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    return delivery;
}

struct kafka_delivery kafka_delivery_failed(enum status status, bool maybe_persisted, const char *reason)
{
    return (struct kafka_delivery){.status = status,
                                   .maybe_persisted = maybe_persisted,
                                   .timestamp_ms = -1,
                                   .offset = -1,
                                   .partition = -1,
                                   .reason = reason};
}

static rd_kafka_resp_err_t produce(rd_kafka_t *handle, const char *topic, const void *key, size_t key_size,
                                   const void *value, size_t value_size, rd_kafka_headers_t *headers,
                                   void *opaque)
{
    rd_kafka_resp_err_t code = rd_kafka_producev(
        handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY((void *)(uintptr_t)key, key_size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && headers)
        rd_kafka_headers_destroy(headers); /* librdkafka took them only with the message */
    return code;
}

rd_kafka_resp_err_t kafka_delivery_produce(rd_kafka_t *handle, const struct kafka_message *message,
                                           void *opaque)
{
    rd_kafka_headers_t *headers = NULL;
    if (message->header_count > 0) {
        headers = rd_kafka_headers_new(message->header_count);
        for (size_t i = 0; i < message->header_count; i++) {
            const struct kafka_header *header = &message->headers[i];
            rd_kafka_resp_err_t code = rd_kafka_header_add(headers, header->name, -1, header->value.bytes,
                                                           (ssize_t)header->value.size);
            if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
                rd_kafka_headers_destroy(headers);
                return code;
            }
        }
    }
    return produce(handle, message->topic, message->key.bytes, message->key.size, message->value.bytes,
                   message->value.size, headers, opaque);
}

rd_kafka_resp_err_t kafka_delivery_repeat(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = rd_kafka_headers_copy(headers);
    else
        headers = NULL;
    return produce(handle, rd_kafka_topic_name(message->rkt), message->key, message->key_len,
                   message->payload, message->len, headers, opaque);
}
