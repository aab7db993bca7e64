/* Files with secrets.
 *
 * The file is opened first and judged by its descriptor, so that what was judged is what is read.  O_NONBLOCK
 * keeps a FIFO of that name from holding the process up.  Kubernetes mounts secrets through symbolic links,
 * so links are followed. Owner root is fine: root reads everything anyway, and systemd's credentials belong
 * to it. */
#include "io/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

static enum status judge(const char *path, int descriptor, size_t limit, struct error *error)
{
    struct stat file;
    if (fstat(descriptor, &file) < 0)
        return error_set(error, STATUS_CONFIG, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return error_set(error, STATUS_CONFIG, "%s is not a regular file", path);
    if (file.st_uid != geteuid() && file.st_uid != 0)
        return error_set(
            error, STATUS_CONFIG,
            "%s belongs to user %ld, who can change it: make it our own or root's (chown %ld %s)", path,
            (long)file.st_uid, (long)geteuid(), path);
    if (file.st_mode & 077)
        return error_set(error, STATUS_CONFIG,
                         "%s has mode %04o, so others can use its secrets: chmod 600 %s", path,
                         (unsigned)(file.st_mode & 07777), path);
    if ((unsigned long long)file.st_size > limit)
        return error_set(error, STATUS_CONFIG, "%s is larger than %zu bytes", path, limit);
    return STATUS_OK;
}

static enum status read_all(const char *path, int descriptor, struct buffer *secret, struct error *error)
{
    for (;;) {
        size_t room = secret->limit - secret->size < 4096 ? secret->limit - secret->size : 4096;
        char *end = room ? buffer_reserve(secret, room) : NULL;
        char over;
        ssize_t size = read(descriptor, end ? end : &over, end ? room : 1);
        if (size == 0)
            return STATUS_OK;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return error_set(error, STATUS_CONFIG, "cannot read %s: %s", path, strerror(errno));
        if (!end)
            return error_set(error, STATUS_CONFIG, "%s is larger than %zu bytes", path, secret->limit);
        buffer_grow_by(secret, (size_t)size);
    }
}

enum status secret_file_read(const char *path, struct buffer *secret, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return error_set(error, STATUS_CONFIG, "cannot open %s: %s", path, strerror(errno));
    enum status status = judge(path, descriptor, secret->limit - secret->size, error);
    if (status == STATUS_OK)
        status = read_all(path, descriptor, secret, error);
    close(descriptor);
    return status;
}

enum status secret_file_read_line(const char *path, struct buffer *secret, struct error *error)
{
    enum status status = secret_file_read(path, secret, error);
    if (status != STATUS_OK)
        return status;
    while (secret->size &&
           (secret->bytes[secret->size - 1] == '\n' || secret->bytes[secret->size - 1] == '\r'))
        secret->size--;
    if (secret->size == 0)
        return error_set(error, STATUS_CONFIG, "%s is empty: it must hold the secret on one line", path);
    if (memchr(secret->bytes, '\n', secret->size) || memchr(secret->bytes, '\r', secret->size))
        return error_set(error, STATUS_CONFIG, "%s has more than one line: it must hold the secret alone",
                         path);
    if (memchr(secret->bytes, 0, secret->size))
        return error_set(error, STATUS_CONFIG, "%s has a NUL byte in it", path);
    return STATUS_OK;
}

static bool write_all(int descriptor, struct text bytes)
{
    while (bytes.size) {
        ssize_t size = write(descriptor, bytes.bytes, bytes.size);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        bytes = (struct text){bytes.bytes + size, bytes.size - (size_t)size};
    }
    return fsync(descriptor) == 0;
}

/* A rename is durable once its folder is. */
static bool sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return done;
}

enum status secret_file_write(const char *path, struct text bytes, struct error *error)
{
    char beside[PATH_MAX];
    int size = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (size < 0 || (size_t)size >= sizeof beside)
        return error_set(error, STATUS_CONFIG, "the path %.64s... is too long", path);
    int descriptor = mkostemp(beside, O_CLOEXEC); /* mode 0600, mkstemp(3) */
    if (descriptor < 0)
        return error_set(error, STATUS_CONFIG, "cannot write beside %s: %s", path, strerror(errno));
    bool done = write_all(descriptor, bytes);
    int cause = errno;
    close(descriptor);
    if (done && rename(beside, path) < 0) {
        done = false;
        cause = errno;
    }
    if (!done) {
        unlink(beside);
        return error_set(error, STATUS_CONFIG, "cannot write %s: %s", path, strerror(cause));
    }
    if (!sync_folder(path))
        return error_set(error, STATUS_CONFIG, "%s is written, but its folder cannot be synced: %s", path,
                         strerror(errno));
    return STATUS_OK;
}
