/* `reset-producer replay`: dead letters back to work. */
#ifndef PRODUCER_REPLAY_H
#define PRODUCER_REPLAY_H

#include "io/command_line.h"
#include "io/config.h"

/* Its row in the program's table. */
#define REPLAY_COMMAND                                                                                       \
    {                                                                                                        \
        .name = "replay",                                                                                    \
        .help = "dead letters back to work: checked again, each a result line; letters that are expired "    \
                "or would only die again are told and left out",                                             \
        .options = {                                                                                         \
            {"dry-run", NULL, false, "shows what would be done; writes and moves nothing"},                  \
            {"reason", "R", true, "only letters that died for R; moves nothing"},                            \
            {"id", "ID", true, "only the request ID; moves nothing"},                                        \
            {"drop", NULL, false, "passes over what it would replay, for good"},                             \
            {"from-beginning", NULL, false, "all letters kept, not only those since the last replay"},       \
            {NULL, NULL, false, NULL},                                                                       \
        },                                                                                                   \
    }

/* Returns the exit code: 0 done (letters that are skipped or expired are no failure); 64 wrong call; 65 an
 * --id was not found; 69 Kafka failed, and what was not acknowledged comes again next time; 78 wrong
 * configuration; 128 + signal when one ended it early. */
int replay_command(const struct command_line *line, const struct config *config);

#endif
