/* What `keys add` and `publishers add` share: the words of a grant from --scope and --tenant. */
#ifndef PRODUCER_CREDENTIAL_GRANT_H
#define PRODUCER_CREDENTIAL_GRANT_H

#include <stdio.h>

#include "core/buffer.h"
#include "io/command_line.h"

/* Appends `scopes tenants` as the file has them.  STATUS_INVALID names what is missing or unknown. */
WARN_UNUSED enum status credential_grant(const struct command_line *line, struct buffer *words,
                                         struct error *error);

/* The value of --name; NULL with STATUS_INVALID filled in when it is missing. */
const char *credential_name(const struct command_line *line, struct error *error);

/* Prints what went wrong, and gives the exit code. */
int credential_failed(FILE *advice, const char *command, enum status status, const struct error *error);

/* Prints `bytes` as a line on `out`; EX_IOERR when that fails, since a secret is shown only once. */
int credential_print(FILE *out, FILE *advice, struct text bytes, const char *then);

#endif
