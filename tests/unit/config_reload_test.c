/* token.not_before as SIGHUP reads it again. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/config_reload.h"

static char path[64];

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What a reload finds of `text`; -1 and the sentence in `error` where it refuses it. */
static int64_t reload(const struct config *config, const char *text, struct error *error)
{
    int64_t not_before_ms = -1;
    write_file(text);
    enum status status = config_reload_not_before(config, &not_before_ms, error);
    assert_true(status == STATUS_OK || (status == STATUS_CONFIG && not_before_ms == -1));
    return not_before_ms;
}

static void a_moment_is_read_again_and_a_wrong_file_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected;
        const char *fault;
    } cases[] = {
        {"[token]\nnot_before = 2025-11-22T05:10:00Z\n", 1763788200000, NULL},
        {"[token]\nnot_before = 2025-11-22T06:10:00+01:00\n", 1763788200000, NULL},
        {"[token]\nttl = 1h\n", 0, NULL},
        {"[token]\nnot_before = 2099-01-01T00:00:00Z\n", -1, "is in the future"},
        {"[token]\nnot_before = yesterday\n", -1, ":2: token.not_before: \"yesterday\" is no time"},
        {"[token]\nnot_before = 2025-11-22T05:10:00Z\n[smtp]\nconections = 3\n", -1, "there is no key"},
    };
    struct buffer faults;
    struct config *config;
    buffer_init(&faults, 4096);
    write_file("");
    const struct config_source source = {.path = path};
    assert_int_equal(config_load(CONFIG_WORKER, &source, &config, &faults), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        assert_int_equal(reload(config, cases[i].text, &error), cases[i].expected);
        if (cases[i].fault && !strstr(error.text, cases[i].fault))
            fail_msg("expected \"%s\" in: %s", cases[i].fault, error.text);
    }
    assert_int_equal(config_time_ms(config, CONFIG_TOKEN_NOT_BEFORE), 0);
    config_free(&config);
    buffer_clear(&faults);
}

static void a_file_that_is_gone_changes_nothing(void **state)
{
    (void)state;
    struct buffer faults;
    struct config *config;
    struct error error = {0};
    int64_t not_before_ms = -1;
    buffer_init(&faults, 4096);
    write_file("");
    const struct config_source source = {.path = path};
    assert_int_equal(config_load(CONFIG_PRODUCER, &source, &config, &faults), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(config_reload_not_before(config, &not_before_ms, &error), STATUS_CONFIG);
    assert_int_equal(not_before_ms, -1);
    config_free(&config);
    buffer_clear(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_read_again_and_a_wrong_file_changes_nothing),
        cmocka_unit_test(a_file_that_is_gone_changes_nothing),
    };
    snprintf(path, sizeof path, "%s", "/tmp/config-reload-XXXXXX");
    int made = mkstemp(path);
    if (made < 0 || close(made))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
