/* One question for a topic's metadata, on a helper thread. */
#ifndef IO_KAFKA_PROBE_H
#define IO_KAFKA_PROBE_H

#include <librdkafka/rdkafka.h>

#include "io/kafka_producer.h"

struct event_base;
struct kafka_probe;

enum { KAFKA_PROBE_MAX_MS = 2000 };

/* `probed` comes on the loop, once; then `finished` and the probe is gone.  The handle must live until then.
 * `loopback_only`: brokers that are advertised elsewhere are STATUS_CONFIG. */
enum status kafka_probe_start(struct event_base *base, rd_kafka_t *handle, bool loopback_only,
                              const char *topic, int deadline_ms, kafka_probed *probed, void *context,
                              void (*finished)(void *owner), void *owner, struct kafka_probe **probe,
                              struct error *error) WARN_UNUSED;

/* Waits for the thread (KAFKA_PROBE_MAX_MS at most); no callback comes. */
void kafka_probe_cancel(struct kafka_probe **probe);

#endif
