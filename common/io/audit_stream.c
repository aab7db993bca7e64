/* Audit lines on stdout without ever waiting for who reads them.
 *
 * What stdout is decides how: a regular file takes writes at once; a socket (systemd's journal) has
 * MSG_DONTWAIT; a pipe or terminal is opened a second time through /proc, because O_NONBLOCK belongs to the
 * open file and would change it for whoever shares it.  Where that is refused (another user's pipe) it is
 * written in pieces of PIPE_BUF after poll(2) has promised room for one.
 *
 * Lines gather in memory during a loop turn and go out together.  What cannot be written is dropped, counted,
 * and the log says it once: for good where the reader is gone, until there is room again where a disk is full
 * or broken. */
#include "io/audit_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "core/buffer.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/metrics.h"

enum way { WAY_DIRECT, WAY_SOCKET, WAY_OPENED, WAY_PIECES };

struct audit_stream {
    struct metrics *metrics;
    struct event *flush, *writable;
    struct buffer lines;
    size_t sent; /* bytes of `lines` that are out */
    int descriptor;
    enum way way;
    bool waiting, dead;
    bool full; /* the last write found no room on its disk */
    bool cut;  /* and ended within a line */
};

static void choose_way(struct audit_stream *stream, int descriptor)
{
    struct stat file;
    stream->descriptor = descriptor;
    stream->way = WAY_DIRECT;
    if (fstat(descriptor, &file) < 0 || S_ISREG(file.st_mode))
        return;
    if (S_ISSOCK(file.st_mode)) {
        stream->way = WAY_SOCKET;
        return;
    }
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int opened = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    stream->way = opened >= 0 ? WAY_OPENED : WAY_PIECES;
    if (opened >= 0)
        stream->descriptor = opened;
}

static ssize_t write_some(const struct audit_stream *stream, const char *bytes, size_t size)
{
    struct pollfd room = {.fd = stream->descriptor, .events = POLLOUT};
    switch (stream->way) {
    case WAY_SOCKET:
        return send(stream->descriptor, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    case WAY_PIECES:
        if (poll(&room, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        return write(stream->descriptor, bytes, size < PIPE_BUF ? size : PIPE_BUF);
    default:
        return write(stream->descriptor, bytes, size);
    }
}

/* Counts the lines that end in what is left, and forgets them.  A line end at the very front closes one that
 * was cut and counted before. */
static void drop_waiting(struct audit_stream *stream)
{
    size_t lines = 0;
    for (size_t i = stream->sent; i < stream->lines.size; i++)
        lines += i > 0 && stream->lines.bytes[i] == '\n';
    metrics_add(stream->metrics, METRIC_AUDIT_LINES_DROPPED, NO_LABELS, (double)lines);
    buffer_reset(&stream->lines);
    stream->sent = 0;
}

static void die(struct audit_stream *stream, int cause)
{
    log_write(LOG_LEVEL_ERROR, "stdout takes no more audit lines; the audit topic goes on",
              LOG_TEXT("cause", strerror(cause)));
    stream->dead = true;
    drop_waiting(stream);
}

/* A disk may have room again for the next line. */
static bool is_passing(int cause)
{
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG || cause == EIO || cause == ENOMEM;
}

static void leave_out(struct audit_stream *stream, int cause)
{
    if (!stream->full)
        log_write(LOG_LEVEL_ERROR, "stdout has no room for audit lines now; the audit topic goes on",
                  LOG_TEXT("cause", strerror(cause)));
    stream->full = true;
    stream->cut = stream->cut || (stream->sent > 0 && stream->lines.bytes[stream->sent - 1] != '\n');
    drop_waiting(stream);
}

static void note_room(struct audit_stream *stream)
{
    if (stream->full)
        log_write(LOG_LEVEL_INFO, "stdout takes audit lines again");
    stream->full = stream->cut = false;
}

/* Writes until nothing is left (true) or the reader is full (false). */
static bool flush(struct audit_stream *stream)
{
    while (stream->sent < stream->lines.size) {
        ssize_t size =
            write_some(stream, stream->lines.bytes + stream->sent, stream->lines.size - stream->sent);
        if (size >= 0) {
            stream->sent += (size_t)size;
            note_room(stream);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            return false;
        } else if (is_passing(errno)) {
            leave_out(stream, errno);
        } else if (errno != EINTR) {
            die(stream, errno);
        }
    }
    buffer_reset(&stream->lines);
    stream->sent = 0;
    return true;
}

static void wait_for_reader(struct audit_stream *stream)
{
    const struct timeval soon = {.tv_usec = 50000};
    stream->waiting = true;
    if (!stream->writable || event_add(stream->writable, NULL) < 0) /* epoll refuses it: look again soon */
        event_add(stream->flush, &soon);
}

static void on_turn(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    struct audit_stream *stream = context;
    stream->waiting = false;
    if (!flush(stream))
        wait_for_reader(stream);
}

enum status audit_stream_new(struct event_base *base, int descriptor, struct metrics *metrics,
                             struct audit_stream **stream, struct error *error)
{
    struct audit_stream *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory for the audit stream");
    made->metrics = metrics;
    buffer_init(&made->lines, AUDIT_STREAM_LIMIT);
    choose_way(made, descriptor);
    made->flush = event_new(base, -1, 0, on_turn, made);
    if (made->way != WAY_DIRECT)
        made->writable = event_new(base, made->descriptor, EV_WRITE, on_turn, made);
    if (!made->flush) {
        audit_stream_free(&made, 0);
        return error_set(error, STATUS_MEMORY, "no memory for the audit stream's event");
    }
    *stream = made;
    return STATUS_OK;
}

/* Room for a line is made by moving what is unsent to the front, at most once per half of the limit. */
static void make_room(struct audit_stream *stream)
{
    if (stream->sent > AUDIT_STREAM_LIMIT / 2) {
        buffer_consume(&stream->lines, stream->sent);
        stream->sent = 0;
    }
}

void audit_stream_write(struct audit_stream *stream, struct text line)
{
    make_room(stream);
    bool first = stream->cut && stream->lines.size == 0; /* it begins a new line */
    char *end = stream->dead ? NULL : buffer_reserve(&stream->lines, first + line.size + 1);
    if (!end) {
        stream->lines.failed = false;
        metrics_add(stream->metrics, METRIC_AUDIT_LINES_DROPPED, NO_LABELS, 1);
        return;
    }
    if (first)
        *end++ = '\n';
    memcpy(end, line.bytes, line.size);
    end[line.size] = '\n';
    buffer_grow_by(&stream->lines, first + line.size + 1);
    if (!stream->waiting) {
        stream->waiting = true;
        event_active(stream->flush, EV_TIMEOUT, 1);
    }
}

void audit_stream_free(struct audit_stream **stream, int64_t wait_ms)
{
    struct audit_stream *gone = *stream;
    *stream = NULL;
    if (!gone)
        return;
    int64_t until = clock_monotonic_ms() + wait_ms;
    while (!flush(gone)) {
        int64_t left = until - clock_monotonic_ms();
        struct pollfd room = {.fd = gone->descriptor, .events = POLLOUT};
        if (left <= 0 || poll(&room, 1, (int)left) == 0)
            break;
    }
    drop_waiting(gone);
    if (gone->flush)
        event_free(gone->flush);
    if (gone->writable)
        event_free(gone->writable);
    if (gone->way == WAY_OPENED)
        close(gone->descriptor);
    buffer_clear(&gone->lines);
    free(gone);
}
