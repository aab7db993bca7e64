/* Whether the intake can take requests: Kafka, the clocks, Redis; asked now and then, told on the admin port.
 */
#ifndef PRODUCER_SERVE_HEALTH_H
#define PRODUCER_SERVE_HEALTH_H

#include "producer/serve.h"

enum status serve_health_start(struct serve *serve, struct error *error) WARN_UNUSED;
void serve_health_stop(struct serve *serve);

#endif
