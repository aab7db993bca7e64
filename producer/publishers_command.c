/* `publishers add|list|revoke`.  A publisher's secret is a key that both sides hold, so the file keeps it as
 * it is printed, and `list` never shows it.  A name is one publisher: adding it again is refused, because the
 * other side would go on signing with a secret that is no longer known. */
#include <stdio.h>
#include <sysexits.h>

#include <sodium.h>

#include "core/publishers.h"
#include "io/credential_file.h"
#include "io/credential_files.h"
#include "producer/credential_commands.h"
#include "producer/credential_grant.h"

enum { SECRET_RANDOM = 32, SECRET_LENGTH = 43, LINE_LIMIT = 64 * 1024 };

static const char opening[] = "# Publishers of reset-relay: name, secret (the HMAC key of its signatures, as "
                              "it stands here), scopes, tenants.\n"
                              "# `reset-producer publishers add|list|revoke` keeps it; the same file stands "
                              "at every producer and worker.\n";

struct task {
    const char *path;
    struct text line; /* to append; bytes NULL: revoke */
    struct text name;
};

static enum status check(struct text text, const char *path, struct error *error)
{
    struct publishers *publishers;
    enum status status = publishers_parse(text, path, &publishers, error);
    publishers_free(&publishers);
    return status;
}

static enum status edit(void *context, struct text old, struct buffer *next, struct error *error)
{
    const struct task *task = context;
    enum status status = check(old, task->path, error);
    if (status != STATUS_OK)
        return status;
    size_t taken = credential_file_copy_without(old, task->name, next);
    if (!task->line.bytes && taken == 0)
        return error_set(error, STATUS_NOT_FOUND, "%s has no publisher %s; `publishers list` shows them",
                         task->path, task->name.bytes);
    if (task->line.bytes && taken)
        return error_set(error, STATUS_CONFLICT,
                         "%s has a publisher %s already; revoke it first, or take another name", task->path,
                         task->name.bytes);
    buffer_append_text(next, task->line);
    return check(buffer_text(next), task->path, error);
}

/* name secret scopes tenants */
static enum status make_line(const struct command_line *line, const char *name, const char *secret,
                             struct buffer *out, struct error *error)
{
    if (!signature_publisher_is_fit(text_of(name)))
        return error_set(error, STATUS_INVALID, "--name is 1 to %d letters, digits, '.', '_' or '-'",
                         SIGNATURE_PUBLISHER_MOST);
    buffer_append_string(out, name);
    buffer_append_byte(out, ' ');
    buffer_append_string(out, secret);
    buffer_append_byte(out, ' ');
    enum status status = credential_grant(line, out, error);
    buffer_append_byte(out, '\n');
    return status;
}

static int add(const struct command_line *line, const char *path, FILE *out, FILE *advice)
{
    unsigned char random[SECRET_RANDOM];
    char secret[SECRET_LENGTH + 1], shown[SIGNATURE_PUBLISHER_MOST + 1 + SECRET_LENGTH + 1];
    struct buffer text;
    struct error error;
    int code;
    buffer_init_secret(&text, LINE_LIMIT);
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(secret, sizeof secret, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const char *name = credential_name(line, &error);
    enum status status = name ? make_line(line, name, secret, &text, &error) : STATUS_INVALID;
    struct task task = {path, buffer_text(&text), text_of(name)};
    if (status == STATUS_OK)
        status = credential_file_change(path, opening, edit, &task, &error);
    if (status == STATUS_OK) {
        snprintf(shown, sizeof shown, "%s %s", name, secret);
        code = credential_print(
            out, advice, text_of(shown),
            "This secret is shown once. Bring the file to every producer and worker, then SIGHUP.");
    } else {
        code = credential_failed(advice, "publishers add", status, &error);
    }
    sodium_memzero(random, sizeof random);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(shown, sizeof shown);
    buffer_clear(&text);
    return code;
}

static int revoke(const struct command_line *line, const char *path, FILE *advice)
{
    struct error error;
    struct task task = {.path = path, .name = text_of(command_line_operand(line, 0))};
    enum status status = credential_file_change(path, opening, edit, &task, &error);
    if (status != STATUS_OK)
        return credential_failed(advice, "publishers revoke", status, &error);
    fprintf(advice, "Its events are refused once every producer and worker has the file and got SIGHUP.\n");
    return EX_OK;
}

static int list(const char *path, FILE *out, FILE *advice)
{
    struct buffer text;
    struct publishers *publishers = NULL;
    struct error error;
    buffer_init(&text, LINE_LIMIT);
    enum status status = credential_files_publishers(path, &publishers, &error);
    for (size_t i = 0; status == STATUS_OK && i < publishers_count(publishers); i++) {
        const struct publisher *publisher = publishers_at(publishers, i);
        buffer_reset(&text);
        grant_print(&publisher->grant, &text);
        fprintf(out, "%.*s %.*s\n", (int)publisher->name.size, publisher->name.bytes, (int)text.size,
                text.bytes);
    }
    publishers_free(&publishers);
    buffer_clear(&text);
    if (status != STATUS_OK)
        return credential_failed(advice, "publishers list", status, &error);
    return fflush(out) == 0 ? EX_OK : EX_IOERR;
}

int publishers_command(const struct command_line *line, const char *path, FILE *out, FILE *advice)
{
    const char *name = command_line_command(line)->name;
    if (!path) {
        fprintf(advice, "%s: auth.publishers_file is not set; it names the file of the publishers\n", name);
        return EX_CONFIG;
    }
    if (sodium_init() < 0)
        return EX_UNAVAILABLE;
    if (strcmp(name, "publishers add") == 0)
        return add(line, path, out, advice);
    return strcmp(name, "publishers revoke") == 0 ? revoke(line, path, advice) : list(path, out, advice);
}
