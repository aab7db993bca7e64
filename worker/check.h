/* `reset-worker check`: is everything there that `run` will need? */
#ifndef WORKER_CHECK_H
#define WORKER_CHECK_H

#include "io/config.h"

/* A line per thing on stdout: configuration, keys, templates, Redis, Kafka, each topic, the relay with TLS
 * and AUTH.  0: all well; 69: something is not there; 78: something is configured wrong. */
int check_command(const struct config *config);

#endif
