/* The clocks that the rooms with I/O hand to pure code as `now`.  All in milliseconds. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

/* Never jumps; stands still while the machine sleeps.  For timers and latencies. */
int64_t clock_monotonic_ms(void);

/* The same in microseconds, for histograms of short stages. */
int64_t clock_monotonic_us(void);

/* Never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME).  For leases: a worker that was suspended
 * must see that its lease is over. */
int64_t clock_boottime_ms(void);

/* Unix time.  May jump: for timestamps of records and mails, never for a deadline. */
int64_t clock_realtime_ms(void);

#endif
