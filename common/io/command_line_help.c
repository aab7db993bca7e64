/* Help texts: usage, then a table of two columns.  The left column is as wide as its widest entry, so that a
 * new command needs no one to align it. */
#include "io/command_line_help.h"

#include <stdio.h>

const struct command_option command_line_everywhere[] = {
    {"config", "FILE", false, "the configuration, an INI file"},
    {"set", "SECTION.KEY=VALUE", true, "one key of it, over file and environment; not for secrets"},
    {"print-config", NULL, false, "show the whole configuration, secrets masked, and end"},
    {"version", NULL, false, "show the version and end"},
    {"help", NULL, false, "show this and end; after a command: its own help"},
    {.name = NULL},
};

struct row {
    char left[80];
    const char *right;
};

static void append_rows(struct buffer *out, const char *title, const struct row *rows, size_t count)
{
    int width = 0;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        width = (int)strlen(rows[i].left) > width ? (int)strlen(rows[i].left) : width;
    buffer_append_string(out, title);
    for (size_t i = 0; i < count; i++) {
        char left[sizeof rows[i].left + 8];
        snprintf(left, sizeof left, "  %-*s  ", width, rows[i].left);
        buffer_append_string(out, left);
        buffer_append_string(out, rows[i].right);
        buffer_append_string(out, "\n");
    }
}

static void append_options(struct buffer *out, const char *title, const struct command_option *options)
{
    struct row rows[COMMAND_LINE_OPTIONS];
    size_t count = 0;
    for (; count < COMMAND_LINE_OPTIONS && options[count].name; count++) {
        const struct command_option *option = &options[count];
        snprintf(rows[count].left, sizeof rows[count].left, "--%s%s%s%s", option->name,
                 option->value ? " " : "", option->value ? option->value : "",
                 option->repeatable ? " ..." : "");
        rows[count].right = option->help;
    }
    append_rows(out, title, rows, count);
}

static void append_commands(struct buffer *out, const struct command *commands)
{
    struct row rows[COMMAND_LINE_OPTIONS];
    size_t count = 0;
    for (; count < COMMAND_LINE_OPTIONS && commands[count].name; count++) {
        snprintf(rows[count].left, sizeof rows[count].left, "%s%s%s", commands[count].name,
                 commands[count].operands ? " " : "",
                 commands[count].operands ? commands[count].operands : "");
        rows[count].right = commands[count].help;
    }
    append_rows(out, "\nCommands:\n", rows, count);
}

static void append_usage(struct buffer *out, const char *program, const char *command, const char *operands)
{
    const char *const parts[] = {
        "Usage: ", program, " [OPTION]... ", command, operands ? " " : "", operands ? operands : "", "\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_append_string(out, parts[i]);
}

void command_line_help(const struct command_program *program, const struct command *command,
                       struct buffer *out)
{
    buffer_append_string(out, program->name);
    buffer_append_string(out, command ? " " : ": ");
    buffer_append_string(out, command ? command->name : program->summary);
    if (command) {
        buffer_append_string(out, ": ");
        buffer_append_string(out, command->help);
    }
    buffer_append_string(out, "\n\n");
    append_usage(out, program->name, command ? command->name : "COMMAND", command ? command->operands : NULL);
    if (command)
        append_options(out, "\nOptions of the command:\n", command->options);
    else
        append_commands(out, program->commands);
    append_options(out, "\nOptions everywhere:\n", command_line_everywhere);
    if (!command && program->closing) {
        buffer_append_byte(out, '\n');
        buffer_append_string(out, program->closing);
        buffer_append_byte(out, '\n');
    }
}
