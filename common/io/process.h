/* What a process does to itself: hardening at the start, signals on the loop, randomness. */
#ifndef IO_PROCESS_H
#define IO_PROCESS_H

#include "core/status.h"
#include "core/uuid.h"

struct event_base;
struct process_signals;

enum process_exit { /* sysexits.h, the part that we use */
                    PROCESS_EXIT_OK = 0,
                    PROCESS_EXIT_FAILURE = 1,
                    PROCESS_EXIT_USAGE = 64,
                    PROCESS_EXIT_DATA = 65,
                    PROCESS_EXIT_UNAVAILABLE = 69,
                    PROCESS_EXIT_SOFTWARE = 70,
                    PROCESS_EXIT_OUTPUT = 74,
                    PROCESS_EXIT_CONFIG = 78
};

/* First thing in main: descriptors 0 to 2 open, no core dumps, not dumpable (nobody of the same user may read
 * /proc/PID/mem), umask 077, SIGPIPE ignored, libsodium started, descriptor limit raised to its hard limit.
 */
enum status process_harden(struct error *error) WARN_UNUSED;

/* Fills `bytes` from the system's generator (libsodium). */
void process_random(void *bytes, size_t size);

/* A new UUID of version 7; `now_ms`: since 1970. */
struct uuid process_uuid(int64_t now_ms);

struct process_signal_callbacks {
    void (*drain)(void *context, int signal); /* first SIGTERM or SIGINT: finish and leave the loop */
    void (*reload)(void *context);            /* SIGHUP; NULL: the signal is only logged */
    void *context;
};

/* SIGTERM, SIGINT and SIGHUP on the loop of `base`.  The second SIGTERM or SIGINT ends the process at once
 * with 128 + signal, without waiting for the loop (it may be stuck in the drain).  One object per process. */
enum status process_signals_new(struct event_base *base, const struct process_signal_callbacks *callbacks,
                                struct process_signals **signals, struct error *error) WARN_UNUSED;
void process_signals_free(struct process_signals **signals);

/* Whatever the process is at then, it ends with `code` after `ms` milliseconds (half a second at least): for
 * a drain that has a deadline, where a look-up or a library's thread may hang.  What is durable is so by
 * then. Asked twice: the earlier end counts.  Uses SIGALRM. */
void process_end_within(int64_t ms, int code);

#endif
