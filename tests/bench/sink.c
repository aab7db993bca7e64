/* An SMTP sink for the benchmark: takes every mail, keeps none, and is fast enough not to be what is
 * measured.
 *
 * One thread, epoll, PIPELINING; commands are looked at by their first letter only, mails are scanned for the
 * final dot.  `XCOUNT` answers what came so far: mails, their bytes, and the monotonic nanoseconds of the
 * first and the last.  Prints its port and runs until SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536
#define LINE_SIZE 1024

struct session {
    int fd;
    bool in_mail;
    int dot_state; /* how much of CRLF . CRLF was seen */
    size_t line_size;
    char line[LINE_SIZE];
    size_t out_size;
    char out[READ_SIZE];
};

static struct {
    uint64_t mails, bytes, first, last;
} seen;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void answer(struct session *session, const char *text)
{
    size_t size = strlen(text);
    if (session->out_size + size <= sizeof session->out) {
        memcpy(session->out + session->out_size, text, size);
        session->out_size += size;
    }
}

static bool flush(struct session *session)
{
    size_t done = 0;
    while (done < session->out_size) {
        ssize_t written = send(session->fd, session->out + done, session->out_size - done, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN)
            return false;
        if (written > 0)
            done += (size_t)written;
    }
    session->out_size = 0;
    return true;
}

static bool command(struct session *session)
{
    char counted[160];
    switch (session->line[0] & ~0x20) {
    case 'E':
    case 'H':
        answer(session, "250-sink.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n");
        return true;
    case 'D':
        answer(session, "354 go on\r\n");
        session->in_mail = true;
        session->dot_state = 2;
        return true;
    case 'X':
        snprintf(counted, sizeof counted, "250 %llu %llu %llu %llu\r\n", (unsigned long long)seen.mails,
                 (unsigned long long)seen.bytes, (unsigned long long)seen.first,
                 (unsigned long long)seen.last);
        answer(session, counted);
        return true;
    case 'Q':
        answer(session, "221 bye\r\n");
        flush(session);
        return false;
    default:
        answer(session, "250 2.0.0 Ok\r\n");
        return true;
    }
}

/* Takes bytes of a mail up to its end; how many were taken. */
static size_t take_mail(struct session *session, const char *data, size_t size)
{
    static const char end[] = "\r\n.\r\n";
    size_t i = 0;
    while (i < size) {
        if (session->dot_state == 0) {
            const char *next = memchr(data + i, '\r', size - i);
            if (next == NULL) {
                i = size;
                break;
            }
            i = (size_t)(next - data);
        }
        char byte = data[i++];
        if (byte == end[session->dot_state])
            session->dot_state++;
        else
            session->dot_state = byte == '\r' ? 1 : 0;
        if (session->dot_state == 5) {
            session->in_mail = false;
            seen.mails++;
            seen.last = now();
            if (seen.first == 0)
                seen.first = seen.last;
            answer(session, "250 2.0.0 queued\r\n");
            break;
        }
    }
    seen.bytes += i;
    return i;
}

static bool take(struct session *session, const char *data, size_t size)
{
    while (size > 0) {
        if (session->in_mail) {
            size_t taken = take_mail(session, data, size);
            data += taken;
            size -= taken;
            continue;
        }
        const char *end = memchr(data, '\n', size);
        size_t part = end ? (size_t)(end - data) + 1 : size;
        if (session->line_size + part > sizeof session->line)
            return false;
        memcpy(session->line + session->line_size, data, part);
        session->line_size += part;
        data += part;
        size -= part;
        if (end == NULL)
            return true;
        session->line_size = 0;
        if (!command(session))
            return false;
    }
    return true;
}

static void serve(struct session *session, int poll)
{
    static char data[READ_SIZE];
    ssize_t size = recv(session->fd, data, sizeof data, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0 || !take(session, data, (size_t)size) || !flush(session)) {
        epoll_ctl(poll, EPOLL_CTL_DEL, session->fd, NULL);
        close(session->fd);
        free(session);
    }
}

static void welcome(int listener, int poll)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct session *session = fd < 0 ? NULL : calloc(1, sizeof *session);
    if (session == NULL)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    session->fd = fd;
    answer(session, "220 sink.invalid ESMTP\r\n");
    flush(session);
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = session});
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || poll < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 512) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("sink");
        return 69;
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr == NULL)
                welcome(listener, poll);
            else
                serve(events[i].data.ptr, poll);
    }
}
