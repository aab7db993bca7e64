/* Where secrets of the configuration may come from, and that they are not shown. */
#include "support.h"
#include "support/config_files.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void secrets_are_refused_from_environment_and_command_line(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *setting, *fault;
    } cases[] = {
        {"RESET_RELAY_SMTP_PASSWORD=hunter2", NULL, "RESET_RELAY_SMTP_PASSWORD_FILE=PATH"},
        {"RESET_RELAY_KAFKA_SASL_PASSWORD=hunter2", NULL, "RESET_RELAY_KAFKA_SASL_PASSWORD_FILE=PATH"},
        {"RESET_RELAY_REDIS_URL=redis://:hunter2@localhost", NULL, "RESET_RELAY_REDIS_URL_FILE=PATH"},
        {"RESET_RELAY_REDIS_URL=redis://:hunter2/x@localhost", NULL, "RESET_RELAY_REDIS_URL_FILE=PATH"},
        {"RESET_RELAY_REDIS_URL=redis://:x#?hunter2@localhost", NULL, "RESET_RELAY_REDIS_URL_FILE=PATH"},
        {"RESET_RELAY_REDIS_URL=redis://:x@hunter2@localhost", NULL, "RESET_RELAY_REDIS_URL_FILE=PATH"},
        {NULL, "smtp.password=hunter2", "--set smtp.password_file=PATH"},
        {NULL, "kafka.ssl.key.password=hunter2", "--set kafka.ssl.key.password_file=PATH"},
        {NULL, "redis.url=redis://user:hunter2@localhost", "--set redis.url_file=PATH"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        struct loaded_config loaded = config_load_from(CONFIG_WORKER, NULL, environment, cases[i].setting);
        assert_int_equal(loaded.status, STATUS_CONFIG);
        assert_has(loaded.faults.bytes, cases[i].fault);
        assert_has(loaded.faults.bytes, "0600");
        assert_has_no(loaded.faults.bytes, "hunter2");
        config_unload(&loaded);
    }
}

static void a_secret_comes_from_a_file_that_only_we_can_read(void **state)
{
    (void)state;
    char setting[256], variable[256];
    const char *path = config_write_file("password", "hunter2\n", 0600);
    snprintf(setting, sizeof setting, "kafka.sasl.password_file=%s", path);
    snprintf(variable, sizeof variable, "RESET_RELAY_SMTP_PASSWORD_FILE=%s", path);
    const char *const environment[] = {variable, NULL};
    struct loaded_config loaded = config_load_from(CONFIG_WORKER, NULL, environment, setting);
    assert_string_equal(loaded.faults.bytes, "");
    assert_string_equal(config_text(loaded.config, CONFIG_SMTP_PASSWORD), "hunter2");
    assert_string_equal(config_kafka_value(loaded.config, "sasl.password"), "hunter2");
    assert_null(config_kafka_value(loaded.config, "sasl.password_file"));
    config_unload(&loaded);

    assert_int_equal(chmod(path, 0640), 0);
    loaded = config_load_from(CONFIG_WORKER, NULL, environment, NULL);
    assert_int_equal(loaded.status, STATUS_CONFIG);
    assert_has(loaded.faults.bytes, "environment RESET_RELAY_SMTP_PASSWORD_FILE: smtp.password_file: ");
    assert_has(loaded.faults.bytes, "chmod 600");
    assert_has_no(loaded.faults.bytes, "hunter2");
    config_unload(&loaded);

    loaded = config_load_from(CONFIG_PRODUCER, NULL, environment,
                              NULL); /* does not read smtp.*, so it must not need the file */
    assert_int_equal(loaded.status, STATUS_OK);
    config_unload(&loaded);
    unlink(path);
}

static void a_file_with_a_secret_in_it_must_be_closed_to_others(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        mode_t mode;
        const char *fault; /* NULL: fine */
    } cases[] = {
        {"[smtp]\npassword = hunter2\n", 0600, NULL},
        {"[smtp]\npassword = hunter2\n", 0644,
         "has mode 0644, but smtp.password in it is a secret: chmod 600"},
        {"[smtp]\npassword =\n", 0644, NULL},
        {"[redis]\nurl = redis://:hunter2@localhost\n", 0640, "redis.url in it is a secret"},
        {"[redis]\nurl = redis://localhost:6379/0\n", 0640, NULL},
        {"[kafka]\nsasl.password = hunter2\n", 0604, "kafka.sasl.password in it is a secret"},
        {"[kafka]\nclient.id = x\n", 0644, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loaded_config loaded = config_load_text(cases[i].content, cases[i].mode);
        if (cases[i].fault)
            assert_has(loaded.faults.bytes, cases[i].fault);
        else
            assert_string_equal(loaded.faults.bytes, "");
        config_unload(&loaded);
    }
}

static void what_is_printed_is_read_back_and_shows_no_secret(void **state)
{
    (void)state;
    struct loaded_config loaded =
        config_load_text("[smtp]\npassword = hunter2\nusername = joe\nconnections = 9\n"
                         "[redis]\nurl = redis://:hunter2@localhost\n"
                         "[kafka]\nsasl.password = hunter2\nbootstrap.servers = localhost:9092\n",
                         0600);
    assert_string_equal(loaded.faults.bytes, "");
    struct buffer printed;
    buffer_init(&printed, CONFIG_TEXT_LIMIT);
    config_print(loaded.config, &printed);
    buffer_append_byte(&printed, 0);
    assert_false(printed.failed);
    config_unload(&loaded);
    assert_has_no(printed.bytes, "hunter2");
    assert_has(printed.bytes, "\n#password = ********\n");
    assert_has(printed.bytes, "\n#sasl.password = ********\n");
    assert_has(printed.bytes, "\nconnections = 9\n");
    assert_has(printed.bytes, "test.ini:4\n");
    assert_has(printed.bytes, "# Connections to the relay, at most");
    assert_has_no(printed.bytes, "[http]");

    loaded = config_load_text(printed.bytes, 0644);
    assert_string_equal(loaded.faults.bytes, "");
    assert_int_equal(config_number(loaded.config, CONFIG_SMTP_CONNECTIONS), 9);
    assert_string_equal(config_text(loaded.config, CONFIG_SMTP_USERNAME), "joe");
    assert_string_equal(config_kafka_value(loaded.config, "bootstrap.servers"), "localhost:9092");
    config_unload(&loaded);
    buffer_clear(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_refused_from_environment_and_command_line),
        cmocka_unit_test(a_secret_comes_from_a_file_that_only_we_can_read),
        cmocka_unit_test(a_file_with_a_secret_in_it_must_be_closed_to_others),
        cmocka_unit_test(what_is_printed_is_read_back_and_shows_no_secret),
    };
    return cmocka_run_group_tests(tests, config_make_folder, config_remove_folder);
}
