/* Where Kafka's plaintext may go: not where the configuration's first broker says that the others are, unless
 * that is loopback, too. */
#ifndef IO_KAFKA_BROKERS_H
#define IO_KAFKA_BROKERS_H

#include <librdkafka/rdkafka.h>

#include "core/status.h"

/* Handles of this conf connect to loopback only; any other address is refused before a packet leaves. */
void kafka_brokers_hold(rd_kafka_conf_t *conf);

/* STATUS_CONFIG: a broker is advertised at a host that is not loopback; the sentence names it. */
enum status kafka_brokers_check(const struct rd_kafka_metadata *metadata, struct error *error) WARN_UNUSED;

#endif
