/* What makes a process a careful one.
 *
 * Order matters in process_harden: descriptors 0 to 2 first (a file opened later must not become "stderr" and
 * get log lines written into it), then nothing of the process may be read by others, before any secret is in
 * its memory.
 *
 * SIGHUP waits until somebody can take it: whoever reloads a service that has just been started must not end
 * it (and systemd would take that for a clean end).  It stays due, so nothing of what was to be read is
 * missed.
 *
 * The first SIGTERM or SIGINT goes through the loop, so that its callback may do anything. It also puts in
 * place a plain handler that ends the process: the default action would not do, because the kernel withholds
 * it from process 1 of a container. */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "io/log.h"

#define DESCRIPTORS_WANTED 65536
enum { END_LEAST_MS = 500 };

struct process_signals {
    struct process_signal_callbacks callbacks;
    struct event *terminate, *interrupt, *hangup;
};

static bool open_standard_descriptors(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            return false;
    return true;
}

#ifdef __SANITIZE_ADDRESS__
/* The leak check at the end of a sanitized run attaches to the process. */
static void be_dumpable(void)
{
    prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
}
#endif

static bool refuse_dumps(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
        return false;
#ifdef __SANITIZE_ADDRESS__
    atexit(be_dumpable);
#endif
    return true;
}

static void hold_hangups(bool hold)
{
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &hangup, NULL);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    setrlimit(RLIMIT_NOFILE,
              &limit); /* what we get is enough or shows up as EMFILE, which is handled there */
}

enum status process_harden(struct error *error)
{
    if (!open_standard_descriptors())
        return error_set(error, STATUS_INTERNAL,
                         "cannot open /dev/null for a missing stdin, stdout or stderr: %s", strerror(errno));
    if (!refuse_dumps())
        return error_set(error, STATUS_INTERNAL, "cannot forbid core dumps: %s", strerror(errno));
    umask(077);
    hold_hangups(true);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is as a full disk: an error, no death */
    raise_descriptor_limit();
    if (sodium_init() < 0)
        return error_set(error, STATUS_INTERNAL, "libsodium cannot start: no source of randomness");
    return STATUS_OK;
}

void process_random(void *bytes, size_t size)
{
    randombytes_buf(bytes, size);
}

struct uuid process_uuid(int64_t now_ms)
{
    unsigned char random[UUID_V7_RANDOM];
    process_random(random, sizeof random);
    return uuid_v7(now_ms, random);
}

static void end_now(int number)
{
    _exit(128 + number);
}

static void on_end(evutil_socket_t number, short what, void *context)
{
    (void)what;
    struct process_signals *signals = context;
    event_del(signals->terminate);
    event_del(signals->interrupt);
    struct sigaction action = {.sa_handler = end_now};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signals->callbacks.drain(signals->callbacks.context, (int)number);
}

static void on_hangup(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    struct process_signals *signals = context;
    if (signals->callbacks.reload)
        signals->callbacks.reload(signals->callbacks.context);
    else
        log_write(LOG_LEVEL_INFO, "SIGHUP: nothing to read again");
}

enum status process_signals_new(struct event_base *base, const struct process_signal_callbacks *callbacks,
                                struct process_signals **signals, struct error *error)
{
    struct process_signals *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory for signal handlers");
    made->callbacks = *callbacks;
    made->terminate = evsignal_new(base, SIGTERM, on_end, made);
    made->interrupt = evsignal_new(base, SIGINT, on_end, made);
    made->hangup = evsignal_new(base, SIGHUP, on_hangup, made);
    if (!made->terminate || !made->interrupt || !made->hangup || event_add(made->terminate, NULL) < 0 ||
        event_add(made->interrupt, NULL) < 0 || event_add(made->hangup, NULL) < 0) {
        process_signals_free(&made);
        return error_set(error, STATUS_INTERNAL, "the event loop takes no signal handlers");
    }
    *signals = made;
    hold_hangups(false);
    return STATUS_OK;
}

void process_signals_free(struct process_signals **signals)
{
    struct process_signals *gone = *signals;
    *signals = NULL;
    if (!gone)
        return;
    struct event *events[] = {gone->terminate, gone->interrupt, gone->hangup};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    free(gone);
}

static void end_at_last(int number, siginfo_t *information, void *machine)
{
    (void)number, (void)machine;
    _exit(information->si_value.sival_int);
}

void process_end_within(int64_t ms, int code)
{
    struct sigaction action = {.sa_sigaction = end_at_last, .sa_flags = SA_SIGINFO};
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value = {.sival_int = code}};
    timer_t timer;
    if (ms < END_LEAST_MS)
        ms = END_LEAST_MS;
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGALRM, &action, NULL) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
        timer_settime(timer, 0, &when, NULL) < 0)
        log_write(LOG_LEVEL_WARNING, "no timer for the end of the process",
                  LOG_TEXT("cause", strerror(errno)));
}
