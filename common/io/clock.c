/* Reading a clock cannot fail on Linux for these three (clock_gettime(2)), so none of them has an error to
 * report. */
#include "io/clock.h"

#include <time.h>

#include "io/failpoint.h"

static int64_t read_us(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_boottime_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_realtime_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000 + FAILPOINT_NUMBER("RESET_FAILPOINT_CLOCK_MS", 0);
}
