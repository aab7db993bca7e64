/* What a produce error means to the caller; and whether another handle may do better. */
#ifndef IO_KAFKA_DELIVERY_H
#define IO_KAFKA_DELIVERY_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "io/kafka_producer.h"

enum status kafka_delivery_status(rd_kafka_resp_err_t code);

/* From a delivery report. */
struct kafka_delivery kafka_delivery_of(const rd_kafka_message_t *message);

/* A delivery that never came: `status` and a reason of our own. */
struct kafka_delivery kafka_delivery_failed(enum status status, bool maybe_persisted, const char *reason);

/* Hands the message to librdkafka, which copies it.  `opaque` comes back with the report. */
rd_kafka_resp_err_t kafka_delivery_produce(rd_kafka_t *handle, const struct kafka_message *message,
                                           void *opaque);

/* The message of a report, once more. */
rd_kafka_resp_err_t kafka_delivery_repeat(rd_kafka_t *handle, const rd_kafka_message_t *message,
                                          void *opaque);

#endif
