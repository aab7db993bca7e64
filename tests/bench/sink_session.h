/* One client of the sink: SMTP as far as a benchmark needs it, bytes in, replies out.  What all of them did
 * is counted in one place. */
#ifndef BENCH_SINK_SESSION_H
#define BENCH_SINK_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SINK_LINE_SIZE = 1024, SINK_OUT_SIZE = 8192, SINK_ADDRESS_SIZE = 256 };

/* What the command line says; times in nanoseconds, shares of 10 000. */
struct sink_plan {
    uint64_t delay, stall;
    unsigned refused, stalled;
    FILE *log;
};
extern struct sink_plan sink_plan;

struct session {
    int fd;
    bool in_mail;
    bool stalled;  /* one of its recipients is to wait */
    bool deaf;     /* nothing is read until its dot is answered */
    int dot_state; /* how much of CRLF . CRLF was seen */
    unsigned recipients;
    uint64_t due; /* of the answer to its dot; 0: it waits for none */
    struct session *next;
    char *held; /* what came behind the dot */
    size_t held_size, line_size, out_size;
    char line[SINK_LINE_SIZE];
    char address[SINK_ADDRESS_SIZE]; /* the last recipient that was taken */
    char out[SINK_OUT_SIZE];
};

/* Monotonic nanoseconds. */
uint64_t sink_now(void);

void session_greet(struct session *session);

/* Takes bytes up to a dot that must wait (then `due` is set) or all of them; false: the session is over. */
bool session_take(struct session *session, const char *data, size_t size, size_t *taken);

/* 250 to the dot, and the mail counts. */
void session_accept(struct session *session);

#endif
