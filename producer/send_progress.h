/* What a person at a terminal reads while `send` runs. */
#ifndef PRODUCER_SEND_PROGRESS_H
#define PRODUCER_SEND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct send_progress {
    uint64_t accepted, refused, failed; /* requests */
    uint64_t bytes_read, bytes_total;   /* of the input; total 0: unknown (a pipe) */
    int64_t elapsed_ms;
    bool checked_only; /* --dry-run: nothing is sent */
};

#define SEND_PROGRESS_SIZE 200

/* "125000 acknowledged, 3 refused, 41666 a second, 25 %, 9 s left"; without percentage and time left where
 * the input's size is unknown. */
void send_progress_write(const struct send_progress *progress, char text[static SEND_PROGRESS_SIZE]);

/* "9 s", "2 min 5 s", "3 h 20 min". */
void send_progress_write_time(int64_t seconds, char text[static 32]);

#endif
