/* librdkafka's configuration object from our defaults, the user's properties, and what nobody may change. */
#ifndef IO_KAFKA_CONF_H
#define IO_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "core/status.h"
#include "io/kafka_properties.h"

struct kafka_conf_item {
    const char *name;
    const char *value;
    bool fixed;    /* set after the user's properties; else before, and they win */
    bool optional; /* not known to every librdkafka that we build with: left out where unknown */
};

/* `items` ends with a NULL name.  STATUS_CONFIG names the property in error->field ("kafka.acks").
 * The user's value is never part of the error when
 * it may be a secret. */
enum status kafka_conf_build(const struct kafka_properties *properties, const struct kafka_conf_item *items,
                             rd_kafka_conf_t **conf, struct error *error) WARN_UNUSED;

/* Takes `conf` whatever happens.  Log lines come as events on the main queue. */
enum status kafka_conf_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **handle,
                              struct error *error) WARN_UNUSED;

/* A number property as the handle has it, e.g. "queue.buffering.max.messages"; -1 where unknown. */
long long kafka_conf_number(rd_kafka_t *handle, const char *name);

/* Hands a LOG or ERROR event to `notice` (or to the log).  False: it is another kind of event. */
bool kafka_conf_notice(rd_kafka_t *handle, rd_kafka_event_t *event, kafka_notice *notice, void *context);
void kafka_conf_say(kafka_notice *notice, void *context, int severity, const char *facility,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
