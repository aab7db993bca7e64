/* One run of `send`: what its files share. */
#ifndef PRODUCER_SEND_STATE_H
#define PRODUCER_SEND_STATE_H

#include <event2/event.h>

#include "io/config_values.h"
#include "io/process.h"
#include "producer/audit_trail.h"
#include "producer/line_reader.h"
#include "producer/publisher.h"
#include "producer/result_output.h"
#include "producer/send_progress.h"
#include "producer/send_window.h"

struct send {
    struct event_base *base;
    struct process_signals *signals;
    struct config_policy policy;
    struct publishers *publishers;
    const struct publisher *own; /* in publishers */
    struct kafka_producer *kafka;
    struct event_publisher *publisher;
    struct audit_trail *audit; /* this and the two before: NULL with --dry-run */
    struct send_window *window;
    struct line_reader *reader;
    struct result_output *output;
    struct event *turn;     /* pump in the next turn of the loop */
    struct event *readable; /* NULL where the input is a file */
    struct event *retry;    /* Kafka's local queue was full */
    struct event *show;     /* progress; NULL: nobody looks */

    const char *prefix; /* --idempotency-prefix; NULL: fresh ids */
    bool dry_run;
    int input; /* owned unless it is 0 */
    int input_failure;
    bool input_over, waiting_for_input;
    bool holding;       /* the line in hand is offered to Kafka again soon */
    int64_t held_at_ms; /* since when, monotonic; 0: not */
    bool stopping;      /* no more lines are begun */
    bool kafka_failed;
    int signal; /* that stopped it; 0: none */
    bool shown; /* a progress line stands on the terminal */
    int64_t started_ms;
    struct send_progress progress;
    uint64_t last_line; /* begun */
};

/* What becomes of one line that was found. */
enum send_line_end {
    SEND_LINE_BEGUN, /* it has an entry in the window */
    SEND_LINE_BLANK,
    SEND_LINE_HOLD /* Kafka takes nothing now: the same line again, later */
};
enum send_line_end send_line(struct send *send, struct text line);
void send_line_too_long(struct send *send);

/* The loop's work: results out, lines in; ends the loop when all is done. */
void send_pump(struct send *send);
void send_pump_soon(struct send *send);

/* Opens the input and says how large it is; on the loop where it must be waited for. */
enum status send_input_open(struct send *send, const char *path, struct error *error) WARN_UNUSED;
/* Reads some bytes, or says (false) that none are there now. */
bool send_input_read(struct send *send);
void send_input_close(struct send *send);

#endif
