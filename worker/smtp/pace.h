/* How long the relay usually takes at the dot: what tells a stalled recipient from a slow relay. */
#ifndef WORKER_SMTP_PACE_H
#define WORKER_SMTP_PACE_H

#include <stdint.h>

/* All connections of a pool share one; starts as zeroes. */
struct smtp_pace {
    uint64_t dot; /* microseconds, a mean in which a single stall counts little */
};

/* One answer at the dot, after so many ms. */
void smtp_pace_learn(struct smtp_pace *pace, uint64_t milliseconds);

/* ms that a message waits behind another one's dot before it moves; never less than `least`. */
uint64_t smtp_pace_patience(const struct smtp_pace *pace, uint64_t least);

/* ms of a clock that only goes forward. */
uint64_t smtp_clock(void);

#endif
