/* The commands that keep the files of API keys (auth.keys_file) and publishers (auth.publishers_file).  `add`
 * prints the secret once, alone on `out`; the keys file keeps only its hash. */
#ifndef PRODUCER_CREDENTIAL_COMMANDS_H
#define PRODUCER_CREDENTIAL_COMMANDS_H

#include <stdio.h>

#include "io/command_line.h"

#define CREDENTIAL_ADD_OPTIONS                                                                               \
    {                                                                                                        \
        {"name", "NAME", false, "who it is for"},                                                            \
            {"scope", "SCOPE", true,                                                                         \
             "request:self, request:admin, request:temporary_password, redeem, revoke, notify, status, "     \
             "request:bulk, assert:key (publishers)"},                                                       \
            {"tenant", "TENANT", true, "for which tenant; '*' for all"},                                     \
        {                                                                                                    \
            NULL, NULL, false, NULL                                                                          \
        }                                                                                                    \
    }

/* Their rows in the program's table. */
#define CREDENTIAL_COMMANDS                                                                                  \
    {.name = "keys add", .help = "a new API key: prints it once", .options = CREDENTIAL_ADD_OPTIONS},        \
        {.name = "keys list", .help = "id, scopes, tenants and name of each API key"},                       \
        {.name = "keys revoke",                                                                              \
         .operands = "ID",                                                                                   \
         .operands_min = 1,                                                                                  \
         .operands_max = 1,                                                                                  \
         .help = "removes an API key"},                                                                      \
        {.name = "publishers add",                                                                           \
         .help = "a new publisher: prints its name and secret once",                                         \
         .options = CREDENTIAL_ADD_OPTIONS},                                                                 \
        {.name = "publishers list", .help = "name, scopes and tenants of each publisher"},                   \
    {                                                                                                        \
        .name = "publishers revoke", .operands = "NAME", .operands_min = 1, .operands_max = 1,               \
        .help = "removes a publisher"                                                                        \
    }

/* Runs whichever of them `line` names.  `path` is the file from the configuration, NULL where it is not set.
 * Returns the exit code (sysexits): 0, 64, 69, 78. */
int keys_command(const struct command_line *line, const char *path, FILE *out, FILE *advice);
int publishers_command(const struct command_line *line, const char *path, FILE *out, FILE *advice);

#endif
