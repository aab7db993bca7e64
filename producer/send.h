/* `reset-producer send [FILE]`: one request a line in, one result a line out. */
#ifndef PRODUCER_SEND_H
#define PRODUCER_SEND_H

#include "io/command_line.h"
#include "io/config.h"

/* Its row in the program's table. */
#define SEND_COMMAND                                                                                         \
    {                                                                                                        \
        .name = "send", .operands = "[FILE]", .operands_max = 1,                                             \
        .help = "sends one request a line (JSON); a result line each, in order; 0 only if all are "          \
                "acknowledged",                                                                              \
        .options = {                                                                                         \
            {"dry-run", NULL, false, "checks the requests and sends none"},                                  \
            {"idempotency-prefix", "TEXT", false,                                                            \
             "makes each line's id from TEXT and its number: the same file again makes no second mail"},     \
            {NULL, NULL, false, NULL},                                                                       \
        },                                                                                                   \
    }

/* Returns the exit code: 0 all acknowledged (valid, with --dry-run); 64 wrong call; 65 some line refused for
 * what it is; 69 Kafka did not acknowledge some; 78 wrong configuration; 1 the input or output failed;
 * 128 + signal when one ended it before the input's end. */
int send_command(const struct command_line *line, const struct config *config);

#endif
