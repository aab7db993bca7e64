/* The registry: per metric a short list of series, each with its labels' values.
 *
 * A series is found by walking the list: the sets are small and closed, and a walk over a dozen short strings
 * costs less than one system call.  A metric never has more than METRIC_SERIES_LIMIT series; whatever is new
 * after that is counted under "other", so that a mistake in a caller cannot eat the memory.  Without memory a
 * sample is lost, never the process. */
#include "io/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/metrics_process.h"

struct series {
    struct series *next;
    char *value[METRIC_LABELS];
    double number;      /* counter, gauge; a histogram's sum */
    uint64_t observed;  /* histogram's count */
    uint64_t buckets[]; /* histogram: observations at or below each bound, not cumulative */
};

struct metrics {
    struct {
        struct series *first, **end;
        size_t count;
    } families[METRIC_COUNT];
};

static size_t bucket_count(enum metric metric)
{
    const double *bounds = metrics_table[metric].buckets;
    size_t count = 0;
    while (bounds && bounds[count] > 0)
        count++;
    return count;
}

static void free_series(struct series *series)
{
    for (size_t i = 0; i < METRIC_LABELS; i++)
        free(series->value[i]);
    free(series);
}

/* Most differ in the first character. */
static bool same_labels(const struct series *series, const struct metric_labels *labels)
{
    for (size_t i = 0; i < METRIC_LABELS; i++) {
        const char *known = series->value[i] ? series->value[i] : "";
        const char *wanted = labels->value[i] ? labels->value[i] : "";
        if (*known != *wanted || (*known && strcmp(known, wanted) != 0))
            return false;
    }
    return true;
}

static struct series *find(const struct metrics *metrics, enum metric metric,
                           const struct metric_labels *labels)
{
    struct series *series = metrics->families[metric].first;
    while (series && !same_labels(series, labels))
        series = series->next;
    return series;
}

static struct series *make(struct metrics *metrics, enum metric metric, const struct metric_labels *labels)
{
    struct series *series = calloc(1, sizeof *series + bucket_count(metric) * sizeof *series->buckets);
    if (!series)
        return NULL;
    for (size_t i = 0; i < METRIC_LABELS; i++)
        if (metrics_table[metric].labels[i] &&
            !(series->value[i] = strdup(labels->value[i] ? labels->value[i] : ""))) {
            free_series(series);
            return NULL;
        }
    *metrics->families[metric].end = series;
    metrics->families[metric].end = &series->next;
    metrics->families[metric].count++;
    return series;
}

static struct series *find_or_make(struct metrics *metrics, enum metric metric,
                                   const struct metric_labels *labels)
{
    struct series *series = find(metrics, metric, labels);
    if (series)
        return series;
    if (metrics->families[metric].count < METRIC_SERIES_LIMIT)
        return make(metrics, metric, labels);
    struct metric_labels other = {{0}};
    for (size_t i = 0; i < METRIC_LABELS && metrics_table[metric].labels[i]; i++)
        other.value[i] = "other";
    series = find(metrics, metric, &other);
    return series ? series : make(metrics, metric, &other);
}

struct metrics *metrics_new(const char *program)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return NULL;
    for (int i = 0; i < METRIC_COUNT; i++) {
        metrics->families[i].end = &metrics->families[i].first;
        if (!metrics_table[i].labels[0]) /* there from the start: a counter at 0 is news too */
            make(metrics, (enum metric)i, &NO_LABELS);
    }
    metrics_set(metrics, METRIC_BUILD_INFO, LABELS(program, RESET_VERSION), 1);
    metrics_set(metrics, METRIC_PROCESS_START_TIME, NO_LABELS, (double)clock_realtime_ms() / 1000);
    return metrics;
}

void metrics_forget(struct metrics *metrics, enum metric metric)
{
    if (!metrics)
        return;
    while (metrics->families[metric].first) {
        struct series *gone = metrics->families[metric].first;
        metrics->families[metric].first = gone->next;
        free_series(gone);
    }
    metrics->families[metric].end = &metrics->families[metric].first;
    metrics->families[metric].count = 0;
}

void metrics_free(struct metrics **metrics)
{
    if (!*metrics)
        return;
    for (int i = 0; i < METRIC_COUNT; i++)
        metrics_forget(*metrics, (enum metric)i);
    free(*metrics);
    *metrics = NULL;
}

void metrics_add(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value)
{
    struct series *series = metrics ? find_or_make(metrics, metric, &labels) : NULL;
    if (series)
        series->number += value;
}

void metrics_set(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value)
{
    struct series *series = metrics ? find_or_make(metrics, metric, &labels) : NULL;
    if (series)
        series->number = value;
}

void metrics_observe(struct metrics *metrics, enum metric metric, struct metric_labels labels, double value)
{
    struct series *series = metrics ? find_or_make(metrics, metric, &labels) : NULL;
    if (!series)
        return;
    const double *bounds = metrics_table[metric].buckets;
    for (size_t i = 0; bounds && bounds[i] > 0; i++)
        if (value <= bounds[i]) {
            series->buckets[i]++;
            break;
        }
    series->number += value;
    series->observed++;
}

double metrics_value(const struct metrics *metrics, enum metric metric, struct metric_labels labels)
{
    const struct series *series = find(metrics, metric, &labels);
    if (!series)
        return 0;
    return metrics_table[metric].type == METRIC_HISTOGRAM ? (double)series->observed : series->number;
}

static void append_label(struct buffer *out, bool *open, const char *name, const char *value)
{
    buffer_append_string(out, *open ? "," : "{");
    *open = true;
    buffer_append_string(out, name);
    buffer_append_string(out, "=\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_string(out, *value == '\n' ? "\\n" : (char[]){*value, 0});
    }
    buffer_append_byte(out, '"');
}

static void append_sample(struct buffer *out, enum metric metric, const struct series *series,
                          const char *suffix, const char *bound, double number)
{
    const struct metric_description *description = &metrics_table[metric];
    char text[40];
    bool open = false;
    buffer_append_string(out, description->name);
    buffer_append_string(out, suffix);
    for (size_t i = 0; i < METRIC_LABELS && description->labels[i]; i++)
        append_label(out, &open, description->labels[i], series->value[i]);
    if (bound)
        append_label(out, &open, "le", bound);
    if (open)
        buffer_append_byte(out, '}');
    snprintf(text, sizeof text, " %.15g\n", number);
    buffer_append_string(out, text);
}

static void append_histogram(struct buffer *out, enum metric metric, const struct series *series)
{
    size_t count = bucket_count(metric);
    uint64_t below = 0;
    for (size_t i = 0; i < count; i++) {
        char bound[32];
        snprintf(bound, sizeof bound, "%.15g", metrics_table[metric].buckets[i]);
        below += series->buckets[i];
        append_sample(out, metric, series, "_bucket", bound, (double)below);
    }
    append_sample(out, metric, series, "_bucket", "+Inf", (double)series->observed);
    append_sample(out, metric, series, "_sum", NULL, series->number);
    append_sample(out, metric, series, "_count", NULL, (double)series->observed);
}

void metrics_render(struct metrics *metrics, struct buffer *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    metrics_read_process(metrics);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct series *series = metrics->families[i].first;
        if (!series)
            continue;
        const char *const head[] = {"# HELP ",   metrics_table[i].name, " ", metrics_table[i].help,
                                    "\n# TYPE ", metrics_table[i].name, " ", types[metrics_table[i].type],
                                    "\n"};
        for (size_t part = 0; part < sizeof head / sizeof *head; part++)
            buffer_append_string(out, head[part]);
        for (; series; series = series->next)
            if (metrics_table[i].type == METRIC_HISTOGRAM)
                append_histogram(out, (enum metric)i, series);
            else
                append_sample(out, (enum metric)i, series, "", NULL, series->number);
    }
}
