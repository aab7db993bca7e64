/* What the configuration's section [kafka] says, and what librdkafka reports: shared by all who hold a
 * handle. */
#ifndef IO_KAFKA_PROPERTIES_H
#define IO_KAFKA_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

struct config_pair; /* io/config.h */

/* config_kafka()'s answer: librdkafka properties by their own names, e.g. "bootstrap.servers".  Any is
 * allowed but those that a promise rests on (acks, enable.idempotence, enable.auto.commit, …): naming one of
 * them is STATUS_CONFIG. */
struct kafka_properties {
    const struct config_pair *items; /* not owned; the receiving function copies what it keeps */
    size_t count;
    bool loopback_only; /* plaintext, which the operator does not trust beyond it (io/kafka_brokers.h) */
};

/* A line for the diagnostic log.  `severity` as syslog's (RFC 5424): 3 error, 4 warning, 6 information, 7
 * debug; `facility` is librdkafka's, e.g. "FAIL".  Always called on the event loop.  Names brokers and
 * topics, never a record's content.  Where a notice callback is NULL the line goes to log_kafka(). */
typedef void kafka_notice(void *context, int severity, const char *facility, const char *text);

#endif
