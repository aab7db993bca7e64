/* Read, edit, replace, under a lock on the folder: the file itself is replaced by rename, so a lock on it
 * would be on what is already gone.  What the edit makes is checked by its caller before it returns OK; a
 * file is never left half written. */
#include "io/credential_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/lines.h"
#include "io/secret_file.h"

/* The folder's descriptor, locked; below 0 with the error filled. */
static int lock_folder(const char *path, struct error *error)
{
    char copy[PATH_MAX];
    int size = snprintf(copy, sizeof copy, "%s", path);
    if (size < 0 || (size_t)size >= sizeof copy) {
        (void)error_set(error, STATUS_CONFIG, "the path %.64s... is too long", path);
        return -1;
    }
    const char *name = dirname(copy);
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || flock(folder, LOCK_EX) < 0) {
        (void)error_set(error, STATUS_CONFIG, "cannot open the folder %s: %s", name, strerror(errno));
        if (folder >= 0)
            close(folder);
        return -1;
    }
    return folder;
}

static enum status change(const char *path, const char *opening, credential_file_edit *edit, void *context,
                          struct buffer *old, struct buffer *next, struct error *error)
{
    enum status status = STATUS_OK;
    if (access(path, F_OK) == 0 || errno != ENOENT)
        status = secret_file_read(path, old, error);
    if (status == STATUS_OK && old->size == 0)
        buffer_append_string(old, opening);
    if (status == STATUS_OK)
        status = edit(context, buffer_text(old), next, error);
    if (status == STATUS_OK && (old->failed || next->failed))
        status = error_set(error, STATUS_CONFIG, "%s would become larger than %zu bytes", path, next->limit);
    if (status == STATUS_OK)
        status = secret_file_write(path, buffer_text(next), error);
    return status;
}

enum status credential_file_change(const char *path, const char *opening, credential_file_edit *edit,
                                   void *context, struct error *error)
{
    struct buffer old, next;
    int folder = lock_folder(path, error);
    if (folder < 0)
        return STATUS_CONFIG;
    buffer_init_secret(&old, SECRET_FILE_LIMIT);
    buffer_init_secret(&next, SECRET_FILE_LIMIT);
    enum status status = change(path, opening, edit, context, &old, &next, error);
    buffer_clear(&old);
    buffer_clear(&next);
    close(folder);
    return status;
}

size_t credential_file_copy_without(struct text old, struct text word, struct buffer *next)
{
    size_t taken = 0;
    while (old.size) {
        const char *end = memchr(old.bytes, '\n', old.size);
        size_t size = end ? (size_t)(end - old.bytes) + 1 : old.size;
        struct text whole = {old.bytes, size}, line;
        struct lines lines = lines_of(whole);
        if (lines_next(&lines, &line) && text_equal(line_word(&line), word)) {
            taken++;
        } else {
            buffer_append_text(next, whole);
            if (!end)
                buffer_append_byte(next, '\n');
        }
        old = (struct text){old.bytes + size, old.size - size};
    }
    return taken;
}

int credential_file_exit_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
        return EX_USAGE;
    case STATUS_CONFIG:
        return EX_CONFIG;
    default:
        return EX_UNAVAILABLE;
    }
}
