/* reset-producer: takes reset requests from other services and publishes them. */
#include "io/config_values.h"
#include "io/keygen.h"
#include "io/process.h"
#include "io/program.h"
#include "producer/check.h"
#include "producer/credential_commands.h"
#include "producer/replay.h"
#include "producer/send.h"
#include "producer/serve.h"
#include "producer/topics_command.h"
#include "producer/trail.h"

enum { TOPICS_DEADLINE_MS = 30000 };

static int keys(const struct command_line *line, const struct config *config)
{
    return keys_command(line, config_text(config, CONFIG_AUTH_KEYS_FILE), stdout, stderr);
}

static int publishers(const struct command_line *line, const struct config *config)
{
    return publishers_command(line, config_text(config, CONFIG_AUTH_PUBLISHERS_FILE), stdout, stderr);
}

static int keygen(const struct command_line *line, const struct config *config)
{
    (void)config;
    return keygen_run(line, stdout, stderr);
}

static int serve(const struct command_line *line, const struct config *config)
{
    (void)line;
    return serve_run(config);
}

static int topics(const struct command_line *line, const struct config *config)
{
    struct kafka_properties properties = config_kafka_properties(config);
    struct kafka_topics_plan plan;
    struct error error = {0};
    if (config_read_topics(config, &plan, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return PROCESS_EXIT_CONFIG;
    }
    return topics_command(&properties, &plan, command_line_flag(line, "create"), TOPICS_DEADLINE_MS, stdout,
                          stderr);
}

int main(int argc, char *argv[])
{
    static const struct command commands[] = {
        {.name = "serve",
         .help =
             "the HTTP intake; SIGTERM drains it, SIGHUP reads keys, publishers and token.not_before again"},
        SEND_COMMAND,
        REPLAY_COMMAND,
        TRAIL_COMMAND,
        CHECK_COMMAND,
        {.name = "topics",
         .help = "the topics needed, what is there and what is wrong",
         .options = {{"create", NULL, false, "create the missing ones"}, {NULL, NULL, false, NULL}}},
        CREDENTIAL_COMMANDS,
        KEYGEN_COMMAND,
        {.name = NULL},
    };
    static const struct command_program description = {
        .name = "reset-producer",
        .summary = "takes password-reset requests from other services and publishes them to Kafka",
        .commands = commands,
        .closing =
            "  reset-producer --config producer.ini check\n  reset-producer --config producer.ini serve",
    };
    static const struct program_command work[] = {
        {"serve", CONFIG_FOR_SERVE, serve},
        {"send", CONFIG_FOR_SEND, send_command},
        {"replay", CONFIG_FOR_REPLAY, replay_command},
        {"trail", CONFIG_FOR_TRAIL, trail_command},
        {"check", CONFIG_FOR_SERVE, producer_check},
        {"topics", CONFIG_FOR_TOPICS, topics},
        {"keys add", CONFIG_FOR_KEYS, keys},
        {"keys list", CONFIG_FOR_KEYS, keys},
        {"keys revoke", CONFIG_FOR_KEYS, keys},
        {"publishers add", CONFIG_FOR_PUBLISHERS, publishers},
        {"publishers list", CONFIG_FOR_PUBLISHERS, publishers},
        {"publishers revoke", CONFIG_FOR_PUBLISHERS, publishers},
        {"keygen", CONFIG_FOR_KEYGEN, keygen},
        {.name = NULL},
    };
    return program_main(&description, CONFIG_PRODUCER, work, argc, argv);
}
