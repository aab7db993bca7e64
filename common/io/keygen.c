/* Key files, one edit a call.  A fresh file's key is current at once; an added key waits, so that it can be
 * brought to every machine before anything is made with it.  The text that an edit leaves is read by
 * keyring_parse before it is written, and so is the one that it finds: a broken file is named, not built
 * upon. */
#include "io/keygen.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "core/keyring.h"
#include "core/lines.h"
#include "io/credential_file.h"

enum { KID_RANDOM = 4 };

static const char opening[] =
    "# Keys of reset-relay: an id and 32 bytes in hex a line; the first is current.\n"
    "# Keep older keys until nothing made with them lives, at least 72 hours.\n";

struct task {
    const char *path;
    struct text promote;            /* bytes NULL: a fresh key is wanted */
    char kid[KEYRING_KID_MOST + 1]; /* of the fresh key */
};

static enum status check(struct text text, const char *path, struct error *error)
{
    struct keyring *keyring;
    enum status status = keyring_parse(text, path, &keyring, error);
    keyring_free(&keyring);
    return status;
}

static enum status add(void *context, struct text old, struct buffer *next, struct error *error)
{
    struct task *task = context;
    unsigned char key[KEYRING_KEY_SIZE], id[KID_RANDOM];
    char hex[2 * KEYRING_KEY_SIZE + 1], id_hex[2 * KID_RANDOM + 1];
    if (lines_count(old)) {
        enum status status = check(old, task->path, error);
        if (status != STATUS_OK)
            return status;
    }
    randombytes_buf(key, sizeof key);
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(hex, sizeof hex, key, sizeof key);
    sodium_bin2hex(id_hex, sizeof id_hex, id, sizeof id);
    snprintf(task->kid, sizeof task->kid, "k%s", id_hex);
    buffer_append_text(next, old);
    if (old.size && old.bytes[old.size - 1] != '\n')
        buffer_append_byte(next, '\n');
    buffer_append_string(next, task->kid);
    buffer_append_byte(next, ' ');
    buffer_append_string(next, hex);
    buffer_append_byte(next, '\n');
    sodium_memzero(key, sizeof key);
    sodium_memzero(hex, sizeof hex);
    return check(buffer_text(next), task->path, error);
}

/* The promoted line goes before the first key's line; comments stay where they are. */
static enum status promote(void *context, struct text old, struct buffer *next, struct error *error)
{
    const struct task *task = context;
    struct lines lines = lines_of(old);
    struct text line, promoted = {NULL, 0}, first = {NULL, 0};
    enum status status = check(old, task->path, error);
    if (status != STATUS_OK)
        return status;
    while (lines_next(&lines, &line)) {
        struct text rest = line;
        if (!first.bytes)
            first = line;
        if (text_equal(line_word(&rest), task->promote))
            promoted = line;
    }
    if (!promoted.bytes)
        return error_set(error, STATUS_NOT_FOUND, "%s has no key %s; `keygen --add %s` makes one", task->path,
                         task->promote.bytes, task->path);
    buffer_append(next, old.bytes, (size_t)(first.bytes - old.bytes));
    buffer_append_text(next, promoted);
    buffer_append_byte(next, '\n');
    struct text rest = {first.bytes, old.size - (size_t)(first.bytes - old.bytes)};
    credential_file_copy_without(rest, task->promote, next);
    return check(buffer_text(next), task->path, error);
}

static int say(FILE *out, FILE *advice, const char *kid, const char *then)
{
    if (fprintf(out, "%s\n", kid) < 0 || fflush(out) != 0) {
        fprintf(advice, "the file is written, but its key's id %s cannot be printed: %s\n", kid,
                strerror(errno));
        return EX_IOERR;
    }
    fprintf(advice, "%s\n", then);
    return EX_OK;
}

int keygen_run(const struct command_line *line, FILE *out, FILE *advice)
{
    struct error error;
    struct task task = {.path = command_line_operand(line, 0),
                        .promote = text_of(command_line_value(line, "promote", 0))};
    bool adds = command_line_flag(line, "add"), promotes = task.promote.bytes != NULL;
    enum status status;
    if (sodium_init() < 0)
        return EX_UNAVAILABLE;
    if (adds && promotes)
        status = error_set(&error, STATUS_INVALID,
                           "--add and --promote are two steps; add the key everywhere first");
    else if (promotes)
        status = credential_file_change(task.path, "", promote, &task, &error);
    else if (!adds && access(task.path, F_OK) == 0)
        status = error_set(&error, STATUS_CONFLICT,
                           "%s exists, and replacing its keys would break what was made with them; "
                           "--add appends a key",
                           task.path);
    else
        status = credential_file_change(task.path, opening, add, &task, &error);
    if (status != STATUS_OK) {
        fprintf(advice, "keygen: %s\n", error.text);
        return credential_file_exit_code(status);
    }
    if (promotes)
        return say(out, advice, task.promote.bytes, "It is current once the processes get SIGHUP.");
    return say(out, advice, task.kid,
               adds ? "Bring the file to every process and send SIGHUP; then promote the key."
                    : "The key is current in every process that reads this file.");
}
