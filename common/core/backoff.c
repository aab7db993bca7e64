/* "Full jitter": the delay is uniform below the ceiling, which spreads a crowd best of the usual schemes
 * (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter). */
#include "core/backoff.h"

int64_t backoff_ceiling(const struct backoff *backoff, unsigned failures)
{
    int64_t ceiling = backoff->first_ms;
    for (unsigned i = 1; i < failures && ceiling < backoff->most_ms; i++)
        ceiling = ceiling > backoff->most_ms / 2 ? backoff->most_ms : ceiling * 2;
    return ceiling < backoff->most_ms ? ceiling : backoff->most_ms;
}

int64_t backoff_delay(const struct backoff *backoff, unsigned failures, uint32_t random)
{
    uint64_t ceiling = (uint64_t)backoff_ceiling(backoff, failures);
    uint64_t high = ceiling >> 32, low = ceiling & UINT32_MAX;
    return 1 + (int64_t)(high * random + (low * random >> 32)); /* ceiling × random / 2³² without overflow */
}
