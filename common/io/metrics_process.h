/* The process' own figures, under the names that every Prometheus client uses. */
#ifndef IO_METRICS_PROCESS_H
#define IO_METRICS_PROCESS_H

#include "io/metrics.h"

/* Sets the METRIC_PROCESS_ gauges from the kernel; what cannot be read keeps its last value. */
void metrics_read_process(struct metrics *metrics);

#endif
