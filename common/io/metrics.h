/* Counters, gauges and histograms of the process, in Prometheus' text format 0.0.4.  What exists is the table
 * in metrics_table.c.  No locks: all calls come from the loop's thread. */
#ifndef IO_METRICS_H
#define IO_METRICS_H

#include <stdint.h>

#include "core/buffer.h"
#include "io/metrics_table.h"

struct metrics;

#define METRIC_LABELS 2
#define METRIC_SERIES_LIMIT                                                                                  \
    1024 /* of one metric; what comes after is counted under the label value "other" */

/* Values of the labels in the table's order; kept as copies.  Only from small closed sets, never from input.
 */
struct metric_labels {
    const char *value[METRIC_LABELS];
};
#define LABELS(...) ((struct metric_labels){{__VA_ARGS__}})
#define NO_LABELS   ((struct metric_labels){{NULL, NULL}})

/* `program` ("reset-worker") becomes a label of build_info. NULL without memory. */
struct metrics *metrics_new(const char *program);
void metrics_free(struct metrics **metrics);

/* Counters go up, gauges anywhere. All calls are fine with metrics == NULL (nothing happens). */
void metrics_add(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value);
void metrics_set(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value);

/* Histograms of times take seconds. */
void metrics_observe(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value);

/* Drops all series of a metric, e.g. the lag of partitions that are not ours any more. */
void metrics_forget(struct metrics *metrics, enum metric metric);

/* A series' value (a histogram's count); 0 where it does not exist.  For tests and readiness. */
double metrics_value(const struct metrics *metrics, enum metric metric, struct metric_labels labels);

/* Appends everything, process_* read from /proc included. */
void metrics_render(struct metrics *metrics, struct buffer *out);

#endif
