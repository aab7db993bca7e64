/* Reading argv by the tables.  The options that stand everywhere may come before or after the command; its
 * own come after it.
 * "--" ends the options; "--name=value" and "--name value" are the same.  Everything unknown is refused with
 * the nearest known name: a mistyped --dry-run that is ignored would be the opposite of what was meant. */
#include "io/command_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/command_line_help.h"
#include "io/nearest_name.h"

#define HELP_LIMIT 16384

struct given {
    const char *option; /* NULL: an operand */
    const char *value;  /* NULL: a flag */
};

struct command_line {
    const struct command *command;
    struct given given[COMMAND_LINE_VALUES];
    size_t count;
    const char *settings[COMMAND_LINE_VALUES];
    size_t setting_count;
};

struct reading {
    const struct command_program *program;
    struct command_line *line;
    struct buffer *out;
    const char *first_word; /* of a command of two words */
    bool only_operands;     /* after "--" */
};

static bool wrong(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool wrong(const struct reading *reading, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *const parts[] = {reading->program->name, ": ", text, "\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_append_string(reading->out, parts[i]);
    return false;
}

static const struct command_option *find_option(const struct command_option *options, const char *name,
                                                size_t size)
{
    for (size_t i = 0; options && i < COMMAND_LINE_OPTIONS && options[i].name; i++)
        if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
            return &options[i];
    return NULL;
}

static bool add(const struct reading *reading, const char *option, const char *value)
{
    struct command_line *line = reading->line;
    if (line->count == COMMAND_LINE_VALUES)
        return wrong(reading, "more than %d options and operands", COMMAND_LINE_VALUES);
    if (option && strcmp(option, "set") == 0)
        line->settings[line->setting_count++] = value;
    line->given[line->count++] = (struct given){option, value};
    return true;
}

static void offer_options(struct nearest_name *nearest, const struct command_option *options)
{
    for (size_t i = 0; i < COMMAND_LINE_OPTIONS && options[i].name; i++)
        nearest_name_offer(nearest, options[i].name);
}

static bool unknown_option(const struct reading *reading, const char *name, size_t size)
{
    const struct command *command = reading->line->command;
    struct nearest_name nearest;
    char wanted[NEAREST_NAME_LIMIT];
    snprintf(wanted, sizeof wanted, "%.*s", (int)size, name);
    nearest_name_init(&nearest, wanted);
    offer_options(&nearest, command_line_everywhere);
    if (command)
        offer_options(&nearest, command->options);
    if (*nearest.best)
        return wrong(reading, "there is no option --%s; did you mean --%s?", wanted, nearest.best);
    return wrong(reading, "there is no option --%s%s%s; see --help", wanted,
                 command ? " of " : " before the command", command ? command->name : "");
}

static bool take_option(const struct reading *reading, int argc, char *const argv[], int *at)
{
    const char *name = argv[*at] + 2;
    size_t size = strcspn(name, "=");
    const char *value = name[size] ? name + size + 1 : NULL;
    const struct command_option *option = find_option(command_line_everywhere, name, size);
    if (!option && reading->line->command)
        option = find_option(reading->line->command->options, name, size);
    if (!option)
        return unknown_option(reading, name, size);
    if (!option->value && value)
        return wrong(reading, "--%s takes no value", option->name);
    if (option->value && !value) {
        if (*at + 1 >= argc)
            return wrong(reading, "--%s needs a value: --%s %s", option->name, option->name, option->value);
        value = argv[++*at];
    }
    if (option->value && !option->repeatable && command_line_value(reading->line, option->name, 0))
        return wrong(reading, "--%s is given twice", option->name);
    return add(reading, option->name, value);
}

static bool unknown_command(const struct reading *reading, const char *name)
{
    struct nearest_name nearest;
    nearest_name_init(&nearest, name);
    for (const struct command *command = reading->program->commands; command->name; command++)
        nearest_name_offer(&nearest, command->name);
    if (*nearest.best)
        return wrong(reading, "there is no command %.60s; did you mean %s?", name, nearest.best);
    return wrong(reading, "there is no command %.60s; see --help", name);
}

/* One word of the command's one or two. */
static bool take_command(struct reading *reading, const char *word)
{
    char name[NEAREST_NAME_LIMIT];
    snprintf(name, sizeof name, "%s%s%s", reading->first_word ? reading->first_word : "",
             reading->first_word ? " " : "", word);
    size_t size = strlen(name);
    bool begins = false;
    for (const struct command *command = reading->program->commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            reading->line->command = command;
            return true;
        }
        begins = begins || (strncmp(command->name, name, size) == 0 && command->name[size] == ' ');
    }
    if (!begins || reading->first_word)
        return unknown_command(reading, name);
    reading->first_word = word;
    return true;
}

static bool take_argument(struct reading *reading, int argc, char *const argv[], int *at)
{
    const char *argument = argv[*at];
    if (!reading->only_operands && strcmp(argument, "--") == 0) {
        reading->only_operands = true;
        return true;
    }
    if (!reading->only_operands && strcmp(argument, "-h") == 0)
        return add(reading, "help", NULL);
    if (!reading->only_operands && strncmp(argument, "--", 2) == 0)
        return take_option(reading, argc, argv, at);
    if (!reading->only_operands && argument[0] == '-' && argument[1])
        return wrong(reading, "there is no option %.60s; see --help", argument);
    if (!reading->line->command)
        return take_command(reading, argument);
    return add(reading, NULL, argument);
}

static bool check_operands(const struct reading *reading)
{
    const struct command *command = reading->line->command;
    int count = 0;
    while (command_line_operand(reading->line, (size_t)count))
        count++;
    if (count >= command->operands_min && count <= command->operands_max)
        return true;
    if (count > command->operands_max)
        return wrong(reading, "%s: \"%.60s\" is one operand too many", command->name,
                     command_line_operand(reading->line, (size_t)command->operands_max));
    return wrong(reading, "%s needs %s", command->name, command->operands ? command->operands : "an operand");
}

static enum command_line_result finish(const struct reading *reading)
{
    const struct command_line *line = reading->line;
    if (command_line_flag(line, "help")) {
        command_line_help(reading->program, line->command, reading->out);
        return COMMAND_LINE_DONE;
    }
    if (command_line_flag(line, "version")) {
        buffer_append_string(reading->out, reading->program->name);
        buffer_append_string(reading->out, " " RESET_VERSION "\n");
        return COMMAND_LINE_DONE;
    }
    if (!line->command && reading->first_word)
        return unknown_command(reading, reading->first_word) ? COMMAND_LINE_RUN : COMMAND_LINE_WRONG;
    if (!line->command && command_line_print_config(line))
        return COMMAND_LINE_RUN;
    if (!line->command)
        return wrong(reading, "which command? see --help") ? COMMAND_LINE_RUN : COMMAND_LINE_WRONG;
    return check_operands(reading) ? COMMAND_LINE_RUN : COMMAND_LINE_WRONG;
}

enum command_line_result command_line_read(const struct command_program *program, int argc,
                                           char *const argv[], struct command_line **line, struct buffer *out)
{
    struct reading reading = {.program = program, .line = calloc(1, sizeof **line), .out = out};
    enum command_line_result result = COMMAND_LINE_WRONG;
    bool good = reading.line || wrong(&reading, "no memory");
    for (int i = 1; good && i < argc; i++)
        good = take_argument(&reading, argc, argv, &i);
    if (good)
        result = finish(&reading);
    *line = reading.line;
    if (result != COMMAND_LINE_RUN)
        command_line_free(line);
    return result;
}

enum command_line_result command_line_parse(const struct command_program *program, int argc,
                                            char *const argv[], struct command_line **line)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    enum command_line_result result = command_line_read(program, argc, argv, line, &out);
    fwrite(buffer_text(&out).bytes, 1, out.size, result == COMMAND_LINE_WRONG ? stderr : stdout);
    buffer_clear(&out);
    return result;
}

void command_line_free(struct command_line **line)
{
    free(*line);
    *line = NULL;
}

const struct command *command_line_command(const struct command_line *line)
{
    return line->command;
}

const char *command_line_config(const struct command_line *line)
{
    return command_line_value(line, "config", 0);
}

bool command_line_print_config(const struct command_line *line)
{
    return command_line_flag(line, "print-config");
}

const char *const *command_line_settings(const struct command_line *line, size_t *count)
{
    *count = line->setting_count;
    return line->settings;
}

bool command_line_flag(const struct command_line *line, const char *option)
{
    for (size_t i = 0; i < line->count; i++)
        if (line->given[i].option && strcmp(line->given[i].option, option) == 0)
            return true;
    return false;
}

static const char *nth(const struct command_line *line, const char *option, size_t n)
{
    for (size_t i = 0; i < line->count; i++) {
        const char *name = line->given[i].option;
        bool matches = option ? name && strcmp(name, option) == 0 : !name;
        if (matches && n-- == 0)
            return line->given[i].value;
    }
    return NULL;
}

const char *command_line_value(const struct command_line *line, const char *option, size_t n)
{
    return nth(line, option, n);
}

const char *command_line_operand(const struct command_line *line, size_t n)
{
    return nth(line, NULL, n);
}
