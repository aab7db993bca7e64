/* Metrics as Prometheus reads them; promtool (package prometheus) is the judge of the format and of the
 * alerts. */
#include "support.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/metrics.h"

#define TEXT_LIMIT ((size_t)1024 * 1024)

static struct buffer render(struct metrics *metrics)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    metrics_render(metrics, &out);
    buffer_append_byte(&out, 0);
    assert_false(out.failed);
    return out;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

static struct metrics *filled(void)
{
    struct metrics *metrics = metrics_new("reset-worker");
    assert_non_null(metrics);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_labels labels = {
            {metrics_table[i].labels[0] ? "one" : NULL, metrics_table[i].labels[1] ? "two" : NULL}};
        if (metrics_table[i].type == METRIC_HISTOGRAM)
            metrics_observe(metrics, (enum metric)i, labels, 0.3);
        else
            metrics_add(metrics, (enum metric)i, labels, 1);
    }
    return metrics;
}

static void every_metric_is_in_the_table(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_description *description = &metrics_table[i];
        assert_non_null(description->name);
        assert_non_null(description->help);
        assert_int_equal(description->type == METRIC_HISTOGRAM, description->buckets != NULL);
        for (const double *bound = description->buckets; bound && bound[0] > 0 && bound[1] > 0; bound++)
            assert_true(bound[0] < bound[1]);
    }
}

static void counters_gauges_and_histograms_read_as_text(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new("reset-worker");
    metrics_add(metrics, METRIC_OUTCOMES, LABELS("sent", "none"), 1);
    metrics_add(metrics, METRIC_OUTCOMES, LABELS("sent", "none"), 2);
    metrics_add(metrics, METRIC_OUTCOMES, LABELS("dead", "a\"b\\c\nd"), 1);
    metrics_set(metrics, METRIC_EVENTS_IN_FLIGHT, NO_LABELS, 7);
    metrics_set(metrics, METRIC_EVENTS_IN_FLIGHT, NO_LABELS, 5);
    metrics_observe(metrics, METRIC_STAGE_SECONDS, LABELS("begin"), 0.0001);
    metrics_observe(metrics, METRIC_STAGE_SECONDS, LABELS("begin"), 0.02);
    metrics_observe(metrics, METRIC_STAGE_SECONDS, LABELS("begin"), 10000);
    struct buffer out = render(metrics);
    static const char *const expected[] = {
        "# HELP reset_relay_outcomes_total Audited outcomes",
        "# TYPE reset_relay_outcomes_total counter\n",
        "reset_relay_outcomes_total{outcome=\"sent\",reason=\"none\"} 3\n",
        "reset_relay_outcomes_total{outcome=\"dead\",reason=\"a\\\"b\\\\c\\nd\"} 1\n",
        "reset_relay_events_in_flight 5\n",
        "reset_relay_mac_failures_total 0\n", /* there before the first: an alert can see the step */
        "reset_relay_stage_seconds_bucket{stage=\"begin\",le=\"1e-05\"} 0\n",
        "reset_relay_stage_seconds_bucket{stage=\"begin\",le=\"0.0001\"} 1\n",
        "reset_relay_stage_seconds_bucket{stage=\"begin\",le=\"0.025\"} 2\n",
        "reset_relay_stage_seconds_bucket{stage=\"begin\",le=\"600\"} 2\n",
        "reset_relay_stage_seconds_bucket{stage=\"begin\",le=\"+Inf\"} 3\n",
        "reset_relay_stage_seconds_sum{stage=\"begin\"} 10000.0201\n",
        "reset_relay_stage_seconds_count{stage=\"begin\"} 3\n",
        "reset_relay_build_info{program=\"reset-worker\",version=\"" RESET_VERSION "\"} 1\n",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_has(out.bytes, expected[i]);
    assert_true(metrics_value(metrics, METRIC_PROCESS_MEMORY, NO_LABELS) > 0);
    assert_true(metrics_value(metrics, METRIC_PROCESS_DESCRIPTORS, NO_LABELS) >= 3);
    assert_int_equal(metrics_value(metrics, METRIC_STAGE_SECONDS, LABELS("begin")), 3);
    buffer_clear(&out);
    metrics_free(&metrics);
    assert_null(metrics);
}

/* Also where the names begin alike, or one is the beginning of the other, or is missing. */
static void each_set_of_labels_is_a_series_of_its_own(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new("reset-worker");
    static const char *const names[] = {"dead", "dead_letter", "decode", "d", "sent", ""};
    enum { NAMES = sizeof names / sizeof *names };
    for (size_t round = 0; round < 2; round++)
        for (size_t outcome = 0; outcome < NAMES; outcome++)
            for (size_t reason = 0; reason < NAMES; reason++)
                metrics_add(metrics, METRIC_OUTCOMES, LABELS(names[outcome], names[reason]),
                            (double)(outcome * NAMES + reason + 1));
    for (size_t outcome = 0; outcome < NAMES; outcome++)
        for (size_t reason = 0; reason < NAMES; reason++)
            assert_int_equal(metrics_value(metrics, METRIC_OUTCOMES, LABELS(names[outcome], names[reason])),
                             2 * (outcome * NAMES + reason + 1));
    metrics_free(&metrics);
}

static void too_many_series_end_in_one_other(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new("reset-worker");
    for (int i = 0; i < METRIC_SERIES_LIMIT + 50; i++) {
        char partition[16];
        snprintf(partition, sizeof partition, "%d", i);
        metrics_add(metrics, METRIC_CONSUMER_LAG, LABELS("topic", partition), 1);
    }
    assert_int_equal(metrics_value(metrics, METRIC_CONSUMER_LAG, LABELS("other", "other")), 50);
    metrics_forget(metrics, METRIC_CONSUMER_LAG);
    struct buffer out = render(metrics);
    assert_null(strstr(out.bytes, "reset_relay_consumer_lag"));
    buffer_clear(&out);
    metrics_free(&metrics);
}

static void without_a_registry_nothing_happens(void **state)
{
    (void)state;
    metrics_add(NULL, METRIC_MAYBE_MAILED, NO_LABELS, 1);
    metrics_set(NULL, METRIC_READY, NO_LABELS, 1);
    metrics_observe(NULL, METRIC_STAGE_SECONDS, LABELS("begin"), 1);
    metrics_forget(NULL, METRIC_CONSUMER_LAG);
}

/* Runs promtool with `argument` and `input` as its stdin; its exit status, its words in `said`. */
static int promtool(const char *verb, const char *argument, const struct buffer *input, char *said,
                    size_t size)
{
    int words[2];
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(pipe(words), 0);
    if (input)
        assert_int_equal(fwrite(input->bytes, 1, input->size - 1, file), input->size - 1);
    fflush(file);
    rewind(file);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(file), 0);
        dup2(words[1], 1);
        dup2(words[1], 2);
        execlp("promtool", "promtool", "check", verb, argument, NULL);
        _exit(127);
    }
    close(words[1]);
    size_t filled_size = 0;
    for (ssize_t got; (got = read(words[0], said + filled_size, size - 1 - filled_size)) > 0;)
        filled_size += (size_t)got;
    said[filled_size] = 0;
    close(words[0]);
    fclose(file);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void promtool_accepts_every_metric(void **state)
{
    (void)state;
    static char said[16384];
    struct metrics *metrics = filled();
    struct buffer out = render(metrics);
    if (promtool("metrics", NULL, &out, said, sizeof said) != 0 || *said)
        fail_msg("promtool check metrics (package prometheus): %s", said);
    buffer_clear(&out);
    metrics_free(&metrics);
}

static void promtool_accepts_the_alerts(void **state)
{
    (void)state;
    static char said[16384];
    if (promtool("rules", SOURCE_DIRECTORY "/deploy/prometheus/alerts.yml", NULL, said, sizeof said) != 0)
        fail_msg("promtool check rules (package prometheus): %s", said);
}

static void alerts_name_only_metrics_that_exist(void **state)
{
    (void)state;
    static char alerts[65536];
    struct metrics *metrics = filled();
    struct buffer out = render(metrics);
    FILE *file = fopen(SOURCE_DIRECTORY "/deploy/prometheus/alerts.yml", "r");
    assert_non_null(file);
    alerts[fread(alerts, 1, sizeof alerts - 1, file)] = 0;
    fclose(file);
    size_t names = 0;
    for (const char *at = alerts; (at = strstr(at, "reset_relay_")); names++) {
        char sample[96];
        size_t size = 0;
        while (isalnum((unsigned char)at[size]) || at[size] == '_')
            size++;
        snprintf(sample, sizeof sample, "\n%.*s", (int)size, at);
        assert_has(out.bytes, sample);
        at += size;
    }
    assert_true(names > 10);
    buffer_clear(&out);
    metrics_free(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_is_in_the_table),
        cmocka_unit_test(counters_gauges_and_histograms_read_as_text),
        cmocka_unit_test(each_set_of_labels_is_a_series_of_its_own),
        cmocka_unit_test(too_many_series_end_in_one_other),
        cmocka_unit_test(without_a_registry_nothing_happens),
        cmocka_unit_test(promtool_accepts_every_metric),
        cmocka_unit_test(promtool_accepts_the_alerts),
        cmocka_unit_test(alerts_name_only_metrics_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
