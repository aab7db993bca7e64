/* From librdkafka's message to our record; apart, so that io/kafka_record.h needs no librdkafka. */
#ifndef IO_KAFKA_MESSAGE_H
#define IO_KAFKA_MESSAGE_H

#include <librdkafka/rdkafka.h>

#include "io/kafka_record.h"

/* A copy; `message` may be destroyed afterwards.  NULL: no memory. */
struct kafka_record *kafka_record_of(const rd_kafka_message_t *message, struct kafka_reference reference);

#endif
