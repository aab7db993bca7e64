/* How long to wait after the Nth failure in a row: exponential, with full jitter, so that many processes that
 * failed together do not come back together. */
#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ms; /* the ceiling after the first failure; above 0 */
    int64_t most_ms;  /* the ceiling never passes this; at least first_ms */
};

/* The ceiling after `failures` (1 or more) in a row: first_ms doubled each time, at most most_ms. */
int64_t backoff_ceiling(const struct backoff *backoff, unsigned failures);

/* A delay of 1 ms up to that ceiling, picked by `random` (any 32 random bits). */
int64_t backoff_delay(const struct backoff *backoff, unsigned failures, uint32_t random);

#endif
