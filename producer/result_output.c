/* A regular file always takes bytes, and epoll refuses to watch one: it is written at once.  Pipes, sockets
 * and terminals are watched; the descriptor's flags are left alone, because they are shared with whoever gave
 * it to us.  A pipe that poll calls writable takes PIPE_BUF bytes without blocking, so no more is offered. */
#include "producer/result_output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

enum { FULL_BYTES = 256 * 1024, LIMIT_BYTES = 1024 * 1024, WRITE_BYTES = 64 * 1024 };

struct result_output {
    int descriptor;         /* not owned */
    struct event *writable; /* owned; NULL for a file */
    struct buffer lines;
    size_t begin; /* bytes of lines that are written already */
    int failure;
    void (*changed)(void *context);
    void *context;
};

static bool is_watchable(int descriptor)
{
    struct stat what;
    if (fstat(descriptor, &what) != 0)
        return false;
    return S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode) || isatty(descriptor);
}

static bool takes_bytes(const struct result_output *output)
{
    struct pollfd question = {.fd = output->descriptor, .events = POLLOUT};
    return !output->writable || poll(&question, 1, 0) == 1;
}

static void write_some(struct result_output *output)
{
    size_t most = output->writable ? PIPE_BUF : WRITE_BYTES;
    while (output->begin < output->lines.size && !output->failure && takes_bytes(output)) {
        size_t left = output->lines.size - output->begin;
        ssize_t written =
            write(output->descriptor, output->lines.bytes + output->begin, left < most ? left : most);
        if (written >= 0)
            output->begin += (size_t)written;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            output->failure = errno;
    }
    if (output->failure || output->begin == output->lines.size)
        buffer_reset(&output->lines);
    else
        buffer_consume(&output->lines, output->begin);
    output->begin = 0;
}

static void on_writable(evutil_socket_t descriptor, short what, void *context)
{
    struct result_output *output = context;
    (void)descriptor, (void)what;
    write_some(output);
    if (output->lines.size > 0)
        event_add(output->writable, NULL);
    output->changed(output->context);
}

enum status result_output_new(struct event_base *base, int descriptor, void (*changed)(void *context),
                              void *context, struct result_output **result, struct error *error)
{
    struct result_output *output = calloc(1, sizeof *output);
    if (!output)
        return error_set(error, STATUS_MEMORY, "no memory for results");
    output->descriptor = descriptor;
    output->changed = changed;
    output->context = context;
    buffer_init(&output->lines, LIMIT_BYTES);
    if (is_watchable(descriptor)) {
        output->writable = event_new(base, descriptor, EV_WRITE, on_writable, output);
        if (!output->writable) {
            result_output_free(&output);
            return error_set(error, STATUS_MEMORY, "no memory for results");
        }
    }
    *result = output;
    return STATUS_OK;
}

void result_output_free(struct result_output **output)
{
    if (*output && (*output)->writable)
        event_free((*output)->writable);
    if (*output)
        buffer_clear(&(*output)->lines);
    free(*output);
    *output = NULL;
}

struct buffer *result_output_lines(struct result_output *output)
{
    return &output->lines;
}

void result_output_flush(struct result_output *output)
{
    if (output->lines.size == 0 || (output->writable && event_pending(output->writable, EV_WRITE, NULL)))
        return;
    write_some(output);
    if (output->lines.size > 0 && output->writable)
        event_add(output->writable, NULL);
}

bool result_output_is_full(const struct result_output *output)
{
    return output->lines.size >= FULL_BYTES;
}

bool result_output_is_empty(const struct result_output *output)
{
    return output->lines.size == 0;
}

int result_output_failure(const struct result_output *output)
{
    return output->failure;
}
