/* `keys add|list|revoke`.  A key is `rr_<id>_<secret>`: an id to look it up and to name it in the audit, and
 * 32 random bytes. The file gets the hash alone; the key leaves by stdout, once, after the file is safely
 * written. */
#include <stdio.h>
#include <sysexits.h>

#include <sodium.h>

#include "core/api_keys.h"
#include "io/credential_file.h"
#include "io/credential_files.h"
#include "producer/credential_commands.h"
#include "producer/credential_grant.h"

enum { ID_RANDOM = 5, SECRET_RANDOM = 32, LINE_LIMIT = 64 * 1024 };

static const char opening[] =
    "# API keys of reset-producer: id, BLAKE2b-256 of the secret, scopes, tenants, name.\n"
    "# `reset-producer keys add|list|revoke` keeps it; SIGHUP makes the producer read it again.\n";

struct task {
    const char *path;
    struct text line; /* to append; bytes NULL: revoke */
    struct text id;
};

static enum status check(struct text text, const char *path, struct error *error)
{
    struct api_keys *keys;
    enum status status = api_keys_parse(text, path, &keys, error);
    api_keys_free(&keys);
    return status;
}

static enum status edit(void *context, struct text old, struct buffer *next, struct error *error)
{
    const struct task *task = context;
    enum status status = check(old, task->path, error);
    if (status != STATUS_OK)
        return status;
    size_t taken = credential_file_copy_without(old, task->id, next);
    if (!task->line.bytes && taken == 0)
        return error_set(error, STATUS_NOT_FOUND, "%s has no key %s; `keys list` shows the ids", task->path,
                         task->id.bytes);
    if (task->line.bytes && taken)
        return error_set(error, STATUS_CONFLICT, "%s has a key %s already; try again", task->path,
                         task->id.bytes);
    buffer_append_text(next, task->line);
    return check(buffer_text(next), task->path, error);
}

static void make_key(char id[2 * ID_RANDOM + 1], char secret[API_KEY_SECRET_LENGTH + 1])
{
    unsigned char random[ID_RANDOM + SECRET_RANDOM];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(id, 2 * ID_RANDOM + 1, random, ID_RANDOM);
    sodium_bin2base64(secret, API_KEY_SECRET_LENGTH + 1, random + ID_RANDOM, SECRET_RANDOM,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof random);
}

/* id hash scopes tenants name */
static enum status make_line(const struct command_line *line, const char *id, struct text secret,
                             struct buffer *out, struct error *error)
{
    unsigned char hash[API_KEY_HASH_SIZE];
    char hex[2 * API_KEY_HASH_SIZE + 1];
    const char *name = credential_name(line, error);
    if (!name)
        return STATUS_INVALID;
    api_key_hash(secret, hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    buffer_append_string(out, id);
    buffer_append_byte(out, ' ');
    buffer_append_string(out, hex);
    buffer_append_byte(out, ' ');
    enum status status = credential_grant(line, out, error);
    buffer_append_byte(out, ' ');
    buffer_append_string(out, name);
    if (status == STATUS_OK && check(buffer_text(out), "the new key", error) != STATUS_OK)
        status =
            error_set(error, STATUS_INVALID,
                      "--name is 1 to %d bytes on one line, without control characters", API_KEY_NAME_MOST);
    buffer_append_byte(out, '\n');
    return status;
}

static int add(const struct command_line *line, const char *path, FILE *out, FILE *advice)
{
    char id[2 * ID_RANDOM + 1], secret[API_KEY_SECRET_LENGTH + 1], key[API_KEY_LENGTH_MOST + 1];
    struct buffer text;
    struct error error;
    int code;
    buffer_init(&text, LINE_LIMIT);
    make_key(id, secret);
    enum status status = make_line(line, id, text_of(secret), &text, &error);
    struct task task = {path, buffer_text(&text), text_of(id)};
    if (status == STATUS_OK)
        status = credential_file_change(path, opening, edit, &task, &error);
    snprintf(key, sizeof key, "rr_%s_%s", id, secret);
    if (status != STATUS_OK)
        code = credential_failed(advice, "keys add", status, &error);
    else
        code =
            credential_print(out, advice, text_of(key),
                             "This key is shown once. Send SIGHUP to the producers, so that they know it.");
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(key, sizeof key);
    buffer_clear(&text);
    return code;
}

static int revoke(const struct command_line *line, const char *path, FILE *advice)
{
    struct error error;
    struct task task = {.path = path, .id = text_of(command_line_operand(line, 0))};
    enum status status = credential_file_change(path, opening, edit, &task, &error);
    if (status != STATUS_OK)
        return credential_failed(advice, "keys revoke", status, &error);
    fprintf(advice, "The key is refused once the producers get SIGHUP.\n");
    return EX_OK;
}

static int list(const char *path, FILE *out, FILE *advice)
{
    struct buffer text;
    struct api_keys *keys = NULL;
    struct error error;
    buffer_init(&text, LINE_LIMIT);
    enum status status = credential_files_api_keys(path, &keys, &error);
    for (size_t i = 0; status == STATUS_OK && i < api_keys_count(keys); i++) {
        const struct api_key *key = api_keys_at(keys, i);
        buffer_reset(&text);
        grant_print(&key->grant, &text);
        fprintf(out, "%.*s %.*s %.*s\n", (int)key->id.size, key->id.bytes, (int)text.size, text.bytes,
                (int)key->name.size, key->name.bytes);
    }
    api_keys_free(&keys);
    buffer_clear(&text);
    if (status != STATUS_OK)
        return credential_failed(advice, "keys list", status, &error);
    return fflush(out) == 0 ? EX_OK : EX_IOERR;
}

int keys_command(const struct command_line *line, const char *path, FILE *out, FILE *advice)
{
    const char *name = command_line_command(line)->name;
    if (!path) {
        fprintf(advice, "%s: auth.keys_file is not set; it names the file of the API keys\n", name);
        return EX_CONFIG;
    }
    if (sodium_init() < 0)
        return EX_UNAVAILABLE;
    if (strcmp(name, "keys add") == 0)
        return add(line, path, out, advice);
    return strcmp(name, "keys revoke") == 0 ? revoke(line, path, advice) : list(path, out, advice);
}
