/* Three states and five events.  A success or failure that comes late, from something asked before the
 * breaker opened, is heeded as well: a success shows that the other side is back, and a failure while open
 * tells nothing new. */
#include "core/breaker.h"

void breaker_init(struct breaker *breaker, unsigned threshold, struct backoff backoff)
{
    *breaker = (struct breaker){.threshold = threshold, .backoff = backoff};
}

/* Whether somebody may ask, and be the trial while half open. */
static bool would_allow(const struct breaker *breaker, int64_t now_ms)
{
    switch (breaker->state) {
    case BREAKER_OPEN:
        return now_ms >= breaker->until_ms;
    case BREAKER_HALF_OPEN:
        return !breaker->trial;
    case BREAKER_CLOSED:
        break;
    }
    return true;
}

bool breaker_allow(struct breaker *breaker, int64_t now_ms)
{
    if (!would_allow(breaker, now_ms))
        return false;
    if (breaker->state != BREAKER_CLOSED) {
        breaker->state = BREAKER_HALF_OPEN;
        breaker->trial = true;
    }
    return true;
}

void breaker_success(struct breaker *breaker)
{
    breaker_init(breaker, breaker->threshold, breaker->backoff);
}

void breaker_failure(struct breaker *breaker, int64_t now_ms, uint32_t random)
{
    if (breaker->state == BREAKER_OPEN)
        return;
    if (breaker->state == BREAKER_CLOSED && ++breaker->failures < breaker->threshold)
        return;
    breaker->openings++;
    breaker->state = BREAKER_OPEN;
    breaker->trial = false;
    breaker->until_ms = now_ms + backoff_delay(&breaker->backoff, breaker->openings, random);
}

int64_t breaker_wait(const struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state != BREAKER_OPEN || now_ms >= breaker->until_ms)
        return 0;
    return breaker->until_ms - now_ms;
}
