/* What both programs do before their commands begin: harden, read the command line and the configuration,
 * open the log. */
#ifndef IO_PROGRAM_H
#define IO_PROGRAM_H

#include "io/command_line.h"
#include "io/config_rules.h"

/* The work of one command; returns an exit code of process.h. */
struct program_command {
    const char *name; /* as in the table of the command line; NULL closes the table */
    enum config_purpose purpose;
    int (*run)(const struct command_line *line, const struct config *config);
};

/* main()'s work: 64 for a wrong call, 78 for a wrong configuration (all faults on stderr), else the command's
 * code. */
int program_main(const struct command_program *description, enum config_program program,
                 const struct program_command *commands, int argc, char *argv[]);

#endif
