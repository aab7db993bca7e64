/* The same beginning for both programs.  Everything wrong with the configuration is told at once, on stderr,
 * one sentence a line, before anything is opened. */
#include "io/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/json_memory.h"
#include "io/log.h"
#include "io/process.h"

enum { FAULTS_MOST = 64 * 1024, PRINT_MOST = 256 * 1024 };

static const struct program_command *find(const struct program_command *commands, const char *name)
{
    while (commands->name && strcmp(commands->name, name) != 0)
        commands++;
    return commands->name ? commands : NULL;
}

static int tell_faults(const struct command_program *description, const struct buffer *faults)
{
    fprintf(stderr, "%s: the configuration is wrong:\n", description->name);
    fwrite(faults->bytes, 1, faults->size, stderr);
    return PROCESS_EXIT_CONFIG;
}

static int print_config(const struct config *config)
{
    struct buffer out;
    buffer_init(&out, PRINT_MOST);
    config_print(config, &out);
    bool written = fwrite(out.bytes, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    buffer_clear(&out);
    return written ? PROCESS_EXIT_OK : PROCESS_EXIT_OUTPUT;
}

static int run_command(const struct command_program *description, const struct program_command *command,
                       const struct command_line *line, const struct config *config)
{
    log_open(description->name, (enum log_level)config_choice(config, CONFIG_LOG_LEVEL),
             (enum log_format)config_choice(config, CONFIG_LOG_FORMAT), STDERR_FILENO);
    log_take_libevent();
    json_memory_start();
    int code = command->run(line, config);
    log_close();
    return code;
}

static int with_line(const struct command_program *description, enum config_program program,
                     const struct program_command *commands, const struct command_line *line)
{
    struct config_source source = {.path = command_line_config(line),
                                   .environment = (const char *const *)environ};
    source.settings = command_line_settings(line, &source.setting_count);
    const struct program_command *command =
        command_line_print_config(line) ? NULL : find(commands, command_line_command(line)->name);
    struct config *config = NULL;
    struct buffer faults;
    buffer_init(&faults, FAULTS_MOST);
    enum status status = config_load(program, &source, &config, &faults);
    /* Also of a configuration that is wrong already: all faults at once. */
    if (config && command && config_rules_check(config, command->purpose, &faults))
        status = STATUS_CONFIG;
    int code = PROCESS_EXIT_SOFTWARE;
    if (status != STATUS_OK)
        code = tell_faults(description, &faults);
    else if (command_line_print_config(line))
        code = print_config(config);
    else if (command)
        code = run_command(description, command, line, config);
    buffer_clear(&faults);
    config_free(&config);
    return code;
}

int program_main(const struct command_program *description, enum config_program program,
                 const struct program_command *commands, int argc, char *argv[])
{
    struct error error = {0};
    if (process_harden(&error)) {
        fprintf(stderr, "%s: %s\n", description->name, error.text);
        return PROCESS_EXIT_SOFTWARE;
    }
    struct command_line *line = NULL;
    int code = PROCESS_EXIT_OK;
    switch (command_line_parse(description, argc, argv, &line)) {
    case COMMAND_LINE_RUN:
        code = with_line(description, program, commands, line);
        break;
    case COMMAND_LINE_DONE:
        break;
    case COMMAND_LINE_WRONG:
        code = PROCESS_EXIT_USAGE;
        break;
    }
    command_line_free(&line);
    return code;
}
