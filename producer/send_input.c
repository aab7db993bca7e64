/* Where the lines of `send` come from.  A file is read when there is room; anything that may have no bytes
 * yet (pipe, terminal) is watched by the loop, so that acknowledgements and signals are served meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "producer/send_state.h"

static void on_readable(evutil_socket_t descriptor, short what, void *context)
{
    struct send *send = context;
    (void)descriptor, (void)what;
    send->waiting_for_input = !send_input_read(send);
    if (send->waiting_for_input)
        event_add(send->readable, NULL);
    else
        send_pump(send);
}

enum status send_input_open(struct send *send, const char *path, struct error *error)
{
    struct stat what;
    if (path && strcmp(path, "-") != 0)
        send->input = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (send->input < 0)
        return error_set(error, STATUS_NOT_FOUND, "cannot open %.200s: %s", path, strerror(errno));
    if (fstat(send->input, &what) != 0 || S_ISDIR(what.st_mode))
        return error_set(error, STATUS_NOT_FOUND, "%.200s is no file of requests", path ? path : "stdin");
    if (S_ISREG(what.st_mode))
        send->progress.bytes_total = (uint64_t)what.st_size;
    if (!S_ISFIFO(what.st_mode) && !S_ISSOCK(what.st_mode) && !isatty(send->input))
        return STATUS_OK;
    send->readable = event_new(send->base, send->input, EV_READ, on_readable, send);
    if (!send->readable)
        return error_set(error, STATUS_MEMORY, "no memory to read from %.200s", path ? path : "stdin");
    return STATUS_OK;
}

/* After the loop has said that the descriptor is readable one read does not block. */
bool send_input_read(struct send *send)
{
    size_t size;
    char *room = line_reader_room(send->reader, &size);
    ssize_t count;
    do
        count = read(send->input, room, size);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == EAGAIN)
        return false;
    if (count < 0)
        send->input_failure = errno;
    if (count <= 0) {
        line_reader_end(send->reader);
        return true;
    }
    line_reader_fill(send->reader, (size_t)count);
    send->progress.bytes_read += (uint64_t)count;
    return true;
}

void send_input_close(struct send *send)
{
    if (send->readable)
        event_free(send->readable);
    send->readable = NULL;
    if (send->input > 0)
        close(send->input);
    send->input = 0;
}
