/* Help, made from the tables of command_line.h. */
#ifndef IO_COMMAND_LINE_HELP_H
#define IO_COMMAND_LINE_HELP_H

#include "io/command_line.h"

/* The options that stand everywhere; closed by a NULL name. */
extern const struct command_option command_line_everywhere[];

/* Of the whole program, or of one command. */
void command_line_help(const struct command_program *program, const struct command *command,
                       struct buffer *out);

#endif
