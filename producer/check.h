/* `reset-producer check`: is everything there that `serve` and `send` will need? */
#ifndef PRODUCER_CHECK_H
#define PRODUCER_CHECK_H

#include "io/command_line.h"
#include "io/config.h"

/* Its row in the program's table. */
#define CHECK_COMMAND                                                                                        \
    {                                                                                                        \
        .name = "check", .help = "the configuration, then each connection, one line each"                    \
    }

/* A line per thing on stdout: configuration, publishers file with the producer's own entry, API keys, record
 * keys and Redis where redis.url is set, Kafka, each topic.  0: all well; 69: something is not there; 78:
 * something is configured wrong. */
int producer_check(const struct command_line *line, const struct config *config);

#endif
