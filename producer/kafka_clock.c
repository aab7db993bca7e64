/* The difference holds the way of the report as well, a fraction of a second: nothing beside a minute. */
#include "producer/kafka_clock.h"

void kafka_clock_note(struct kafka_clock *clock, int64_t ours_ms, int64_t theirs_ms, int64_t monotonic_ms)
{
    *clock = (struct kafka_clock){
        .known = true,
        .difference_ms = ours_ms - theirs_ms,
        .noted_ms = monotonic_ms,
        .tried_ms = monotonic_ms,
    };
}

bool kafka_clock_counts(const struct kafka_clock *clock, int64_t monotonic_ms)
{
    return clock->known && monotonic_ms - clock->noted_ms <= KAFKA_CLOCK_FORGET_MS;
}

bool kafka_clock_agrees(const struct kafka_clock *clock, int64_t monotonic_ms)
{
    return !kafka_clock_counts(clock, monotonic_ms) ||
           (clock->difference_ms <= KAFKA_CLOCK_MOST_MS && clock->difference_ms >= -KAFKA_CLOCK_MOST_MS);
}

bool kafka_clock_admits(struct kafka_clock *clock, int64_t monotonic_ms)
{
    if (kafka_clock_agrees(clock, monotonic_ms))
        return true;
    if (monotonic_ms - clock->tried_ms < KAFKA_CLOCK_TRIAL_MS)
        return false;
    clock->tried_ms = monotonic_ms;
    return true;
}
