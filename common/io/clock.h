/* The clocks that the rooms with I/O hand to pure code as `now`, in milliseconds, and spans of them. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Never jumps; stands still while the machine sleeps.  For timers and latencies. */
int64_t clock_monotonic_ms(void);

/* The same in microseconds, for histograms of short stages. */
int64_t clock_monotonic_us(void);

/* Never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME).  For leases: a worker that was suspended
 * must see that its lease is over. */
int64_t clock_boottime_ms(void);

/* A span as libevent and hiredis take it; 0 or more. */
static inline struct timeval clock_span(int64_t ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

/* Unix time.  May jump: for timestamps of records and mails, never for a deadline. */
int64_t clock_realtime_ms(void);

#endif
