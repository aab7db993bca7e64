/* What the configuration's section [kafka] says, and what librdkafka reports: shared by all who hold a
 * handle. */
#ifndef IO_KAFKA_PROPERTIES_H
#define IO_KAFKA_PROPERTIES_H

#include <stddef.h>

/* One librdkafka property by its own name, e.g. "bootstrap.servers".  Any of librdkafka's is allowed, but
 * those that a promise rests on (acks, enable.idempotence, enable.auto.commit, …): naming one of them is
 * STATUS_CONFIG. */
struct kafka_property {
    const char *name;
    const char *value;
};

struct kafka_properties {
    const struct kafka_property *items; /* not owned; the receiving function copies what it keeps */
    size_t count;
};

/* A line for the diagnostic log.  `severity` as syslog's (RFC 5424): 3 error, 4 warning, 6 information, 7
 * debug; `facility` is librdkafka's, e.g. "FAIL".  Always called on the event loop.  Names brokers and
 * topics, never a record's content.  Where a notice callback is NULL the line goes nowhere. */
typedef void kafka_notice(void *context, int severity, const char *facility, const char *text);

#endif
