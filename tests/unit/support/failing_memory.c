#include "support/failing_memory.h"

#include <stddef.h>

static unsigned long calls_left, calls_between, failed;

void memory_fail(unsigned long nth, unsigned long every)
{
    calls_left = nth;
    calls_between = every;
    failed = 0;
}

unsigned long memory_recover(void)
{
    calls_left = 0;
    return failed;
}

/* Asked by tests/tools/wrapped_memory.c before each call. */
bool memory_fails(void);

bool memory_fails(void)
{
    if (memory_spared > 0 || calls_left == 0 || --calls_left > 0)
        return false;
    calls_left = calls_between;
    failed++;
    return true;
}
