/* --scope may stand many times or hold a list with commas; --tenant stands once for each tenant, since a
 * comma may be part of a tenant's name.  Both are required: a key that may do nothing, or everything unasked,
 * helps nobody. */
#include "producer/credential_grant.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "core/grant.h"
#include "io/credential_file.h"

enum status credential_grant(const struct command_line *line, struct buffer *words, struct error *error)
{
    struct buffer tenants;
    struct grant grant = {0};
    const char *value;
    size_t start = words->size;
    buffer_init(&tenants, words->limit);
    for (size_t i = 0; (value = command_line_value(line, "scope", i)); i++) {
        if (i)
            buffer_append_byte(words, ',');
        buffer_append_string(words, value);
    }
    struct text scopes = {words->bytes + start, words->size - start};
    for (size_t i = 0; (value = command_line_value(line, "tenant", i)); i++) {
        if (i)
            buffer_append_byte(&tenants, ',');
        grant_print_tenant(text_of(value), &tenants);
    }
    enum status status = STATUS_OK;
    if (scopes.size == 0)
        status = error_set(error, STATUS_INVALID, "--scope is missing; there are %s", grant_scope_names());
    else if (tenants.size == 0)
        status = error_set(error, STATUS_INVALID, "--tenant is missing; name one, or '*' for all");
    else if (words->failed || tenants.failed)
        status = error_set(error, STATUS_INVALID, "the scopes and tenants are too long");
    if (status == STATUS_OK) {
        buffer_append_byte(words, ' ');
        buffer_append_text(words, buffer_text(&tenants));
        scopes.bytes = words->bytes + start;
        if (grant_parse(scopes, tenants.bytes, tenants.size, &grant, error) != STATUS_OK)
            status = error->status = STATUS_INVALID;
        grant_clear(&grant);
    }
    buffer_clear(&tenants);
    return status;
}

const char *credential_name(const struct command_line *line, struct error *error)
{
    const char *name = command_line_value(line, "name", 0);
    if (!name)
        (void)error_set(error, STATUS_INVALID, "--name is missing; say who it is for");
    return name;
}

int credential_failed(FILE *advice, const char *command, enum status status, const struct error *error)
{
    fprintf(advice, "%s: %s\n", command, error->text);
    return credential_file_exit_code(status);
}

int credential_print(FILE *out, FILE *advice, struct text bytes, const char *then)
{
    if (fwrite(bytes.bytes, 1, bytes.size, out) != bytes.size || fputc('\n', out) == EOF ||
        fflush(out) != 0) {
        fprintf(advice,
                "the file is written, but the secret cannot be printed (%s); revoke it and add another\n",
                strerror(errno));
        return EX_IOERR;
    }
    fprintf(advice, "%s\n", then);
    return EX_OK;
}
