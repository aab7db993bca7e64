/* Whether Kafka's clock and ours agree, told by the timestamps that delivery reports bring.
 *
 * An event dated more than five minutes off is dead when a worker reads it; so beyond a minute the intake
 * takes nothing, and measures again by one request now and then.  Pure: times come from the caller. */
#ifndef PRODUCER_KAFKA_CLOCK_H
#define PRODUCER_KAFKA_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { KAFKA_CLOCK_MOST_MS = 60000, KAFKA_CLOCK_TRIAL_MS = 10000, KAFKA_CLOCK_FORGET_MS = 60000 };

/* Plain value; all zero: nothing is known yet, which is good. */
struct kafka_clock {
    bool known;
    int64_t difference_ms; /* ours minus Kafka's, by the last report */
    int64_t noted_ms;      /* monotonic; when that was */
    int64_t tried_ms;      /* monotonic; the last report or trial */
};

/* `ours_ms` and `theirs_ms`: Unix time; `monotonic_ms`: now. */
void kafka_clock_note(struct kafka_clock *clock, int64_t ours_ms, int64_t theirs_ms, int64_t monotonic_ms);

/* Whether there is a report that counts. */
bool kafka_clock_counts(const struct kafka_clock *clock, int64_t monotonic_ms);

/* A report counts for a minute: where being not ready keeps all requests away, nothing else would ever
 * measure again. */
bool kafka_clock_agrees(const struct kafka_clock *clock, int64_t monotonic_ms);

/* Whether a request may go ahead: always while the clocks agree, else one in ten seconds, the trial. */
bool kafka_clock_admits(struct kafka_clock *clock, int64_t monotonic_ms);

#endif
