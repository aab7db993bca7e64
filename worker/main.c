/* reset-worker: takes reset requests from Kafka and mails the links. */
#include "io/keygen.h"
#include "io/process.h"
#include "io/program.h"
#include "worker/check.h"
#include "worker/render.h"
#include "worker/worker.h"

static int run(const struct command_line *line, const struct config *config)
{
    (void)line;
    return worker_run(config);
}

static int check(const struct command_line *line, const struct config *config)
{
    (void)line;
    return check_command(config);
}

static int render(const struct command_line *line, const struct config *config)
{
    return render_command(line, config);
}

static int keygen(const struct command_line *line, const struct config *config)
{
    (void)config;
    return keygen_run(line, stdout, stderr);
}

int main(int argc, char *argv[])
{
    static const struct command commands[] = {
        {.name = "run",
         .help = "the worker; SIGTERM drains it, SIGHUP reads keys, publishers, token.not_before and "
                 "templates.tenants again"},
        {.name = "check", .help = "the configuration, then each connection, one line each"},
        RENDER_COMMAND,
        KEYGEN_COMMAND,
        {.name = NULL},
    };
    static const struct command_program description = {
        .name = "reset-worker",
        .summary = "takes password-reset requests from Kafka, keeps hashes in Redis, mails links, passwords "
                   "and notices",
        .commands = commands,
        .closing = "  reset-worker --config worker.ini check\n  reset-worker --config worker.ini run",
    };
    static const struct program_command work[] = {
        {"run", CONFIG_FOR_RUN, run},
        {"check", CONFIG_FOR_RUN, check},
        {"render", CONFIG_FOR_RENDER, render},
        {"keygen", CONFIG_FOR_KEYGEN, keygen},
        {.name = NULL},
    };
    return program_main(&description, CONFIG_WORKER, work, argc, argv);
}
