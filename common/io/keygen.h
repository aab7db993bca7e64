/* The command `keygen` of both programs: key files for token.master_keys_file and token.record_keys_file
 * (core/keyring.h).
 *
 *   keygen FILE                 a new file (0600) with one fresh key; refused where FILE exists
 *   keygen --add FILE           appends a fresh key, which is not used before it is promoted
 *   keygen --promote KID FILE   makes that key the first, which new tokens and records take
 *
 * Prints the key's id alone on `out`, never the key; advice goes to `advice`. */
#ifndef IO_KEYGEN_H
#define IO_KEYGEN_H

#include <stdio.h>

#include "io/command_line.h"

/* The command's row in a program's table. */
#define KEYGEN_COMMAND                                                                                       \
    {                                                                                                        \
        .name = "keygen", .operands = "FILE", .operands_min = 1, .operands_max = 1,                          \
        .help = "a key file for token.master_keys_file or token.record_keys_file (0600)",                    \
        .options = {                                                                                         \
            {"add", NULL, false, "append a fresh key to the file; new tokens take it once it is promoted"},  \
            {"promote", "KID", false, "make this key the first, which new tokens and records take"},         \
            {NULL, NULL, false, NULL}},                                                                      \
    }

/* Returns the exit code (sysexits): 0, 64, 69, 78. */
int keygen_run(const struct command_line *line, FILE *out, FILE *advice);

#endif
