/* A circuit breaker, pure: it is told what happened and when, and answers whether to ask again.
 *
 *   closed     all may ask; `failures` in a row open it
 *   open       nobody asks until a delay is over (core/backoff.h, longer with each opening in a row)
 *   half open  one asks (the trial): success closes, failure opens again; a trial withdrawn lets another one
 * ask
 *
 * `now_ms` is any monotonic clock in milliseconds. */
#ifndef CORE_BREAKER_H
#define CORE_BREAKER_H

#include <stdbool.h>

#include "core/backoff.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
    struct backoff backoff;
    unsigned threshold; /* failures in a row that open it; 1 or more */
    enum breaker_state state;
    unsigned failures; /* in a row, while closed */
    unsigned openings; /* in a row */
    int64_t until_ms;  /* while open */
    bool trial;        /* somebody asks, half open */
};

void breaker_init(struct breaker *breaker, unsigned threshold, struct backoff backoff);

/* Whether the caller may ask now.  True while half open makes the caller the trial: it must report success or
 * failure. */
bool breaker_allow(struct breaker *breaker, int64_t now_ms);

void breaker_success(struct breaker *breaker);
void breaker_failure(struct breaker *breaker, int64_t now_ms, uint32_t random);

/* Milliseconds until it is worth asking again; 0 when now, or when the answer of a trial is awaited. */
int64_t breaker_wait(const struct breaker *breaker, int64_t now_ms);

#endif
