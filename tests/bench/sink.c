/* An SMTP sink for the benchmark: takes every mail, keeps none, and is fast enough not to be what is
 * measured.
 *
 *     sink [--delay MS] [--refuse N] [--stall N --stall-for MS] [--log FILE]
 *
 * One thread, epoll, PIPELINING; commands are looked at by their first letters only, mails are scanned for
 * the final dot.  --delay answers each dot so much later.  --refuse and --stall choose recipients, N of
 * 10 000, by the FNV-1a hash of the address: 550 at RCPT, and --stall-for instead of the delay.  The same
 * addresses are chosen in each run, and whoever knows the hash knows them.  --log writes a line for each
 * mail, `nanoseconds address`.  `XCOUNT` answers what came so far, as `name=number` words.  Prints its port
 * and runs until SIGTERM. */
#include "sink_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536

/* What waits at its dot, the earliest first: every wait of one queue takes the same time. */
struct queue {
    struct session *first, *last;
};

static struct {
    int poll, timer;
    uint64_t armed; /* 0: not */
    struct queue queues[2];
} loop;
static const char listening, timing; /* their addresses tell the two events that are no session's */

uint64_t sink_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void close_session(struct session *session)
{
    close(session->fd);
    free(session->held);
    free(session);
}

/* Replies are a few bytes: who leaves them unread until the socket is full is cut, and nobody waits. */
static bool flush(struct session *session)
{
    size_t size = session->out_size;
    session->out_size = 0;
    return size == 0 || send(session->fd, session->out, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void arm(void)
{
    uint64_t next = 0;
    for (size_t i = 0; i < 2; i++)
        if (loop.queues[i].first && (next == 0 || loop.queues[i].first->due < next))
            next = loop.queues[i].first->due;
    if (next == loop.armed)
        return;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(next / 1000000000u), .tv_nsec = (long)(next % 1000000000u)}};
    timerfd_settime(loop.timer, TFD_TIMER_ABSTIME, &when, NULL);
    loop.armed = next;
}

static void wait_at_dot(struct session *session)
{
    struct queue *queue = &loop.queues[session->stalled];
    session->next = NULL;
    if (queue->first)
        queue->last->next = session;
    else
        queue->first = session;
    queue->last = session;
    arm();
}

/* What came behind a dot that is not answered yet is kept for later. */
static bool hold(struct session *session, const char *data, size_t size)
{
    char *held = realloc(session->held, session->held_size + size);
    if (held == NULL)
        return false;
    memcpy(held + session->held_size, data, size);
    session->held = held;
    session->held_size += size;
    return true;
}

/* False: the session is over (and freed, unless it waits). */
static bool serve(struct session *session, const char *data, size_t size)
{
    size_t taken = 0;
    if (!session_take(session, data, size, &taken) || !flush(session)) {
        close_session(session);
        return false;
    }
    if (taken < size && !hold(session, data + taken, size - taken)) {
        close_session(session);
        return false;
    }
    if (session->due > 0)
        wait_at_dot(session);
    return true;
}

static void receive(struct session *session)
{
    static char data[READ_SIZE];
    if (session->due > 0) { /* at its dot: what the client says ahead stays in the socket until then */
        epoll_ctl(loop.poll, EPOLL_CTL_DEL, session->fd, NULL);
        session->deaf = true;
        return;
    }
    ssize_t size = recv(session->fd, data, sizeof data, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0)
        close_session(session);
    else
        serve(session, data, (size_t)size);
}

static void answer_dot(struct session *session)
{
    char *held = session->held;
    size_t size = session->held_size;
    session->held = NULL;
    session->held_size = 0;
    session->due = 0;
    session_accept(session);
    if (session->deaf)
        epoll_ctl(loop.poll, EPOLL_CTL_ADD, session->fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = session});
    session->deaf = false;
    serve(session, held, size);
    free(held);
}

static void answer_dots(void)
{
    uint64_t expirations, now = sink_now();
    if (read(loop.timer, &expirations, sizeof expirations) < 0)
        return;
    loop.armed = 0;
    for (size_t i = 0; i < 2; i++)
        while (loop.queues[i].first && loop.queues[i].first->due <= now) {
            struct session *session = loop.queues[i].first;
            loop.queues[i].first = session->next;
            answer_dot(session);
        }
    arm();
}

static void welcome(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct session *session = fd < 0 ? NULL : calloc(1, sizeof *session);
    if (session == NULL)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    session->fd = fd;
    session_greet(session);
    flush(session);
    epoll_ctl(loop.poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = session});
}

static bool read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"delay", required_argument, NULL, 'd'}, {"refuse", required_argument, NULL, 'r'},
        {"stall", required_argument, NULL, 's'}, {"stall-for", required_argument, NULL, 'f'},
        {"log", required_argument, NULL, 'l'},   {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;
        switch (option) {
        case 'd':
            sink_plan.delay = number * 1000000u;
            break;
        case 'r':
            sink_plan.refused = (unsigned)number;
            break;
        case 's':
            sink_plan.stalled = (unsigned)number;
            break;
        case 'f':
            sink_plan.stall = number * 1000000u;
            break;
        case 'l':
            sink_plan.log = fopen(optarg, "w");
            if (sink_plan.log == NULL)
                return false;
            break;
        default:
            return false;
        }
    }
    return optind == argc;
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1024) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return -1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    if (!read_options(argc, argv)) {
        fprintf(stderr, "sink [--delay MS] [--refuse N] [--stall N --stall-for MS] [--log FILE]\n");
        return 64;
    }
    int listener = listen_on_loopback();
    loop.poll = epoll_create1(EPOLL_CLOEXEC);
    loop.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (listener < 0 || loop.poll < 0 || loop.timer < 0) {
        perror("sink");
        return 69;
    }
    struct epoll_event ears[] = {{.events = EPOLLIN, .data.ptr = (void *)&listening},
                                 {.events = EPOLLIN, .data.ptr = (void *)&timing}};
    epoll_ctl(loop.poll, EPOLL_CTL_ADD, listener, &ears[0]);
    epoll_ctl(loop.poll, EPOLL_CTL_ADD, loop.timer, &ears[1]);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(loop.poll, events, 64, -1);
        bool due = false;
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &listening)
                welcome(listener);
            else if (events[i].data.ptr == &timing)
                due = true; /* after the others: it may end a session that is among them */
            else
                receive(events[i].data.ptr);
        }
        if (due)
            answer_dots();
    }
}
