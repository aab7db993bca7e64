/* The command line of both programs, driven by tables: commands, their options, and the ones that stand
 * everywhere (--config FILE,
 * --set section.key=value, --print-config, --version, --help).  Help is made from the same tables. */
#ifndef IO_COMMAND_LINE_H
#define IO_COMMAND_LINE_H

#include "core/buffer.h"
#include "core/status.h"

#define COMMAND_LINE_OPTIONS 16
#define COMMAND_LINE_VALUES  256 /* options and operands of one call */

struct command_option {
    const char *name;  /* without "--"; NULL closes the table */
    const char *value; /* what help calls its value, e.g. "NAME"; NULL: a flag */
    bool repeatable;
    const char *help;
};

struct command {
    const char *name;     /* one or two words: "serve", "keys add"; NULL closes the table */
    const char *operands; /* as help shows them, e.g. "[FILE]"; NULL: none */
    int operands_min, operands_max;
    const char *help; /* one line */
    struct command_option options[COMMAND_LINE_OPTIONS];
};

struct command_program {
    const char *name;    /* reset-producer */
    const char *summary; /* one line */
    const struct command *commands;
    const char *closing; /* examples below the help, without the last newline; may be NULL */
};

struct command_line; /* pointers into argv, which must outlive it */

enum command_line_result {
    COMMAND_LINE_RUN,  /* go on with command_line_command */
    COMMAND_LINE_DONE, /* help or version is written: exit 0 */
    COMMAND_LINE_WRONG /* a hint is on stderr: exit 64 */
};

/* Writes help and version to stdout, a hint to stderr. */
enum command_line_result command_line_parse(const struct command_program *program, int argc,
                                            char *const argv[], struct command_line **line) WARN_UNUSED;
/* The same, but what is to be written is appended to `out`. */
enum command_line_result command_line_read(const struct command_program *program, int argc,
                                           char *const argv[], struct command_line **line,
                                           struct buffer *out) WARN_UNUSED;
void command_line_free(struct command_line **line);

/* NULL only with --print-config alone. */
const struct command *command_line_command(const struct command_line *line);
const char *command_line_config(const struct command_line *line); /* --config; NULL: not given */
bool command_line_print_config(const struct command_line *line);
const char *const *command_line_settings(const struct command_line *line,
                                         size_t *count); /* --set, in order */

bool command_line_flag(const struct command_line *line, const char *option);
/* The n-th value of an option, or operand; NULL after the last. */
const char *command_line_value(const struct command_line *line, const char *option, size_t n);
const char *command_line_operand(const struct command_line *line, size_t n);

#endif
