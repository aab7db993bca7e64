/* `reset-producer trail ID`: the story of one request, from the audit topic. */
#ifndef PRODUCER_TRAIL_H
#define PRODUCER_TRAIL_H

#include "io/command_line.h"
#include "io/config.h"

/* Its row in the program's table. */
#define TRAIL_COMMAND                                                                                        \
    {                                                                                                        \
        .name = "trail", .operands = "ID", .operands_min = 1, .operands_max = 1,                             \
        .help = "what became of a request: a table on a terminal, else its audit records, one a line",       \
        .options = {                                                                                         \
            {"since", "TIME", false,                                                                         \
             "reads the audit topic from TIME on (RFC 3339); unset: from the "                               \
             "id's own time where it tells one, else all that is kept"},                                     \
            {NULL, NULL, false, NULL},                                                                       \
        },                                                                                                   \
    }

/* Returns the exit code: 0 something was found; 1 nothing was; 64 wrong call; 69 Kafka failed; 74 the output
 * cannot be written; 78 wrong configuration; 128 + signal when one ended it early. */
int trail_command(const struct command_line *line, const struct config *config);

#endif
