/* O_NONBLOCK keeps a FIFO of that name from holding the process up; what has no end stops at the buffer's
 * limit. */
#include "io/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16 * 1024 };

static enum status fail(const char *path, const char *what, int code, struct error *error)
{
    return error_set(error, STATUS_CONFIG, "%.160s:1: %s%scannot be read: %s", path, what, *what ? " " : "",
                     strerror(code));
}

enum status whole_file_read(const char *path, const char *what, struct buffer *content, struct error *error)
{
    char piece[PIECE];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return fail(path, what, errno, error);
    ssize_t size = 0;
    int broken = 0;
    do {
        size = read(descriptor, piece, sizeof piece);
        if (size > 0)
            buffer_append(content, piece, (size_t)size);
        else if (size < 0 && errno != EINTR)
            broken = errno;
    } while (size != 0 && !broken && !content->failed);
    (void)close(descriptor);
    if (broken)
        return fail(path, what, broken, error);
    if (content->failed)
        return error_set(error, STATUS_CONFIG, "%.160s:1: has more than %zu KiB", path,
                         content->limit / 1024);
    return STATUS_OK;
}
