/* Topics are looked at until they are well, and again from time to time: what is altered under a running
 * worker is told once, and a look that nobody answered changes nothing. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "io/log.h"
#include "worker/topic_watch.h"
#include "worker/worker.h"

#define MINUTE_MS INT64_C(60000)

static const struct worker_settings values = {.topics = {"requested", "requested.retry.30s"}, .tiers = 1};
static const struct kafka_topic_report good = {.state = KAFKA_TOPIC_GOOD, .log_append_time = true};

#define WRONG(fault_)                                                                                        \
    {                                                                                                        \
        .state = KAFKA_TOPIC_WRONG, .log_append_time = true, .fault = fault_                                 \
    }
#define CREATE_TIME "message.timestamp.type is CreateTime"
#define NOT_LOG_APPEND_TIME                                                                                  \
    {                                                                                                        \
        .state = KAFKA_TOPIC_WRONG, .fault = CREATE_TIME                                                     \
    }

static const struct look {
    const char *name;
    enum status status;
    struct kafka_topic_report requested; /* the other one is good */
    bool no_admin_api, loopback;
    const char *fault;  /* of the worker's readiness */
    const char *logged; /* part of the one line; NULL: none */
} looks[] = {
    {"nobody is there yet", .status = STATUS_UNAVAILABLE, .fault = "why not"},
    {"the topic is missing", .requested = {.state = KAFKA_TOPIC_MISSING}, .fault = "requested: missing;"},
    {"it was made", .requested = {.state = KAFKA_TOPIC_GOOD, .log_append_time = true}, .fault = ""},
    {"it was altered, not to worker's harm", .requested = WRONG("compression.type is producer"), .fault = "",
     .logged = "compression.type is producer"},
    {"it stays so", .requested = WRONG("compression.type is producer"), .fault = ""},
    {"it was altered again", .requested = WRONG("retention.ms is 1000"), .fault = "",
     .logged = "retention.ms is 1000"},
    {"Kafka is away", .status = STATUS_UNAVAILABLE, .fault = ""},
    {"its settings are not told", .requested = {.state = KAFKA_TOPIC_UNDESCRIBED, .fault = "timed out"},
     .fault = ""},
    {"nobody's settings are told", .requested = {.state = KAFKA_TOPIC_WRONG}, .no_admin_api = true,
     .fault = ""},
    {"it stays so, still", .requested = WRONG("retention.ms is 1000"), .fault = ""},
    {"it was altered to harm", .requested = NOT_LOG_APPEND_TIME, .fault = "requested: " CREATE_TIME,
     .logged = "not fit for this worker"},
    {"it stays harmful", .requested = NOT_LOG_APPEND_TIME, .fault = "requested: " CREATE_TIME},
    {"it was mended", .requested = {.state = KAFKA_TOPIC_GOOD, .log_append_time = true}, .fault = ""},
    {"it was deleted", .requested = {.state = KAFKA_TOPIC_MISSING}, .fault = "requested: missing;",
     .logged = "not fit for this worker"},
    {"it was made again", .requested = {.state = KAFKA_TOPIC_GOOD, .log_append_time = true}, .fault = ""},
    {"a broker moved off loopback", .status = STATUS_CONFIG, .fault = "why not",
     .logged = "not fit for this worker"},
    {"on loopback nothing but a missing one harms", .requested = NOT_LOG_APPEND_TIME, .loopback = true,
     .fault = "", .logged = "allowed on loopback only"},
    {"it stays so there", .requested = NOT_LOG_APPEND_TIME, .loopback = true, .fault = ""},
};

static void take_look(struct topic_watch *watch, const struct look *look, char *logged, size_t size)
{
    const struct kafka_topics_report report = {.topics = {look->requested, good},
                                               .admin_api = !look->no_admin_api};
    struct error error = {0};
    int ends[2];
    if (look->status != STATUS_OK)
        (void)error_set(&error, look->status, "why not");
    assert_int_equal(pipe(ends), 0);
    log_open("worker", LOG_LEVEL_WARNING, LOG_FORMAT_JSON, ends[1]);
    topic_watch_note(watch, &values, look->loopback, look->status, &report, &error);
    log_open("worker", LOG_LEVEL_WARNING, LOG_FORMAT_JSON, STDERR_FILENO);
    close(ends[1]);
    ssize_t length = read(ends[0], logged, size - 1);
    logged[length > 0 ? length : 0] = '\0';
    close(ends[0]);
}

static void what_changes_is_told_once_and_silence_changes_nothing(void **state)
{
    (void)state;
    struct topic_watch watch;
    char logged[2048];
    topic_watch_init(&watch);
    assert_string_not_equal(watch.fault, "");
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        const struct look *look = &looks[i];
        print_message("  %s\n", look->name);
        take_look(&watch, look, logged, sizeof logged);
        if (look->fault[0] ? !strstr(watch.fault, look->fault) : watch.fault[0])
            fail_msg("the fault is \"%s\", not \"%s\"", watch.fault, look->fault);
        if (look->logged ? !strstr(logged, look->logged) : logged[0])
            fail_msg("the log has \"%s\", not \"%s\"", logged, look->logged ? look->logged : "");
    }
}

static void it_is_looked_at_every_turn_until_all_is_well_and_then_every_five_minutes(void **state)
{
    (void)state;
    struct topic_watch watch;
    char logged[2048];
    const struct look well = {.requested = good}, harm = {.requested = NOT_LOG_APPEND_TIME};
    topic_watch_init(&watch);
    assert_true(topic_watch_due(&watch, 0));
    assert_true(topic_watch_due(&watch, 10));
    take_look(&watch, &well, logged, sizeof logged);
    assert_false(topic_watch_due(&watch, 20));
    assert_false(topic_watch_due(&watch, 5 * MINUTE_MS + 9));
    assert_true(topic_watch_due(&watch, 5 * MINUTE_MS + 10));
    take_look(&watch, &well, logged, sizeof logged);
    assert_false(topic_watch_due(&watch, 10 * MINUTE_MS));
    assert_true(topic_watch_due(&watch, 11 * MINUTE_MS));
    take_look(&watch, &harm, logged, sizeof logged);
    assert_true(topic_watch_due(&watch, 11 * MINUTE_MS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_is_told_once_and_silence_changes_nothing),
        cmocka_unit_test(it_is_looked_at_every_turn_until_all_is_well_and_then_every_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
