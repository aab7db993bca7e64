/* The configuration as an operator meets it: right files and wrong ones. */
#include "support.h"
#include "support/config_files.h"

#include <stdio.h>
#include <unistd.h>

static void every_key_is_in_the_table_with_a_help_and_a_default_that_parses(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        assert_non_null(settings[i].section);
        assert_non_null(settings[i].help);
        assert_int_not_equal(settings[i].program, 0);
        for (int j = 0; j < i; j++)
            assert_false(strcmp(settings[i].section, settings[j].section) == 0 &&
                         strcmp(settings[i].key, settings[j].key) == 0);
    }
    for (int program = CONFIG_PRODUCER; program <= CONFIG_WORKER; program++) {
        struct loaded_config loaded = config_load_from((enum config_program)program, NULL, NULL, NULL);
        if (loaded.status != STATUS_OK)
            fail_msg("%s", loaded.faults.bytes);
        config_unload(&loaded);
    }
}

static void defaults_are_what_the_documentation_says(void **state)
{
    (void)state;
    struct loaded_config loaded = config_load_from(CONFIG_PRODUCER, NULL, NULL, NULL);
    size_t count;
    const int64_t *tiers = config_duration_list(loaded.config, CONFIG_TOPICS_RETRY, &count);
    assert_int_equal(count, 3);
    assert_int_equal(tiers[2], 1800000);
    assert_int_equal(config_address(loaded.config, CONFIG_ADMIN_LISTEN).port, 9465);
    assert_int_equal(config_rate(loaded.config, CONFIG_LIMITS_PER_ACTOR).count, 30);
    assert_int_equal(config_duration_ms(loaded.config, CONFIG_TOKEN_TTL), 86400000);
    assert_int_equal(config_number(loaded.config, CONFIG_HTTP_BODY_LIMIT), 65536);
    assert_int_equal(config_choice(loaded.config, CONFIG_SMTP_TLS), CONFIG_SMTP_TLS_REQUIRED);
    assert_string_equal(config_list(loaded.config, CONFIG_POLICY_ADMIN_ROLES, &count)[1], "manager");
    assert_false(config_is_set(loaded.config, CONFIG_REDIS_URL));
    config_unload(&loaded);
    loaded = config_load_from(CONFIG_WORKER, NULL, NULL, NULL);
    assert_int_equal(config_address(loaded.config, CONFIG_ADMIN_LISTEN).port, 9464);
    config_unload(&loaded);
}

static void a_file_gives_values_of_every_type(void **state)
{
    (void)state;
    struct loaded_config loaded =
        config_load_text("\xef\xbb\xbf; comment\n"
                         "[topics]\n"
                         "  retry = 1s, 90m ; indented, and with a comment\n"
                         "[redis]\nurl: redis://localhost\n"
                         "[link]\nurl = https://a.example/r#{token}\n"
                         "[smtp]\ntls = off\nconnections = 7\nfrom = Ex; Ample <a@b.example>\n"
                         "[limits]\nper_user = 2/10m\n"
                         "[policy]\nadmin_roles = owner , lead\n"
                         "[admin]\nlisten = [::1]:0\n"
                         "[http]\nbody_limit = 1MiB\n",
                         0644);
    if (loaded.status != STATUS_OK)
        fail_msg("%s", loaded.faults.bytes);
    size_t count;
    assert_int_equal(config_duration_list(loaded.config, CONFIG_TOPICS_RETRY, &count)[1], 5400000);
    assert_int_equal(count, 2);
    assert_string_equal(config_text(loaded.config, CONFIG_REDIS_URL), "redis://localhost");
    assert_string_equal(config_text(loaded.config, CONFIG_LINK_URL), "https://a.example/r#{token}");
    assert_string_equal(config_text(loaded.config, CONFIG_SMTP_FROM), "Ex; Ample <a@b.example>");
    assert_int_equal(config_choice(loaded.config, CONFIG_SMTP_TLS), CONFIG_SMTP_TLS_OFF);
    assert_int_equal(config_number(loaded.config, CONFIG_SMTP_CONNECTIONS), 7);
    assert_int_equal(config_rate(loaded.config, CONFIG_LIMITS_PER_USER).period_ms, 600000);
    assert_string_equal(config_list(loaded.config, CONFIG_POLICY_ADMIN_ROLES, &count)[0], "owner");
    assert_string_equal(config_address(loaded.config, CONFIG_ADMIN_LISTEN).host, "::1");
    assert_int_equal(config_number(loaded.config, CONFIG_HTTP_BODY_LIMIT), 1048576);
    assert_has(config_origin(loaded.config, CONFIG_SMTP_CONNECTIONS), "test.ini:10");
    config_unload(&loaded);
}

static void all_faults_are_told_at_once_with_their_lines(void **state)
{
    (void)state;
    struct loaded_config loaded = config_load_text("early = 1\n"
                                                   "[smtp]\n"
                                                   "conections = 3\n"
                                                   "connections = 0\n"
                                                   "this is no line\n"
                                                   "tls = perhaps\n"
                                                   "tls = off\n"
                                                   "[smpt]\n"
                                                   "url = x\n"
                                                   "[broken\n"
                                                   "[token]\n"
                                                   "ttl = 25h\n"
                                                   "[log]\n"
                                                   "level =\n"
                                                   "nonsense_far_away = 1",
                                                   0600);
    assert_int_equal(loaded.status, STATUS_CONFIG);
    const char *const expected[] = {
        "test.ini:1: early stands before the first [section]",
        "test.ini:3: there is no key smtp.conections; did you mean smtp.connections?",
        "test.ini:4: smtp.connections: 0 is out of range: 1 to 1000",
        "test.ini:5: this is neither [section] nor key = value",
        "test.ini:6: smtp.tls: \"perhaps\" is not one of required|off",
        "test.ini:7: smtp.tls stands twice",
        "test.ini:9: there is no key smpt.url; did you mean smtp.url?",
        "test.ini:10: this is neither [section] nor key = value",
        "test.ini:12: token.ttl: 25h is out of range: 1s to 1d",
        "test.ini:14: log.level has no value; leave it out for the default, info",
        "test.ini:15: there is no key log.nonsense_far_away; --print-config shows all",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_has(loaded.faults.bytes, expected[i]);
    size_t lines = 0;
    for (const char *byte = loaded.faults.bytes; *byte; byte++)
        lines += *byte == '\n';
    assert_int_equal(lines, sizeof expected / sizeof *expected);
    config_unload(&loaded);
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *fault;
    } cases[] = {
        {"smtp.connections=ten", "\"ten\" is no whole number"},
        {"smtp.connections=-1", "\"-1\" is no whole number"},
        {"smtp.connections=99999999999999999999", "is no whole number"},
        {"limits.coalesce=60", "is no duration"},
        {"limits.coalesce=2h", "out of range: 0s to 1h"},
        {"limits.per_user=5", "is no rate"},
        {"token.not_before=2025-11-22", "is no time"},
        {"http.body_limit=64KB", "is no size"},
        {"http.body_limit=1", "out of range"},
        {"http.listen=8080", "is no address"},
        {"http.listen=:8080", "is no address"},
        {"http.listen=::1:8080", "is no address"},
        {"http.listen=localhost:65536", "is no address"},
        {"redis.url=localhost", "is no URL"},
        {"redis.url=redis://a b", "is no URL"},
        {"policy.admin_roles=a,,b", "an entry of the list is empty"},
        {"policy.admin_roles=a,b,a", "\"a\" stands in the list twice"},
        {"policy.temporary_password=off,mailed", "\"off\" stands alone"},
        {"policy.temporary_password=sent", "\"sent\" is not one of"},
        {"topics.retry=30s,x", "\"x\" is no duration"},
        {"topics.audit=a\tb", "control character"},
        {"kafka.client.id=a\nb", "control character"},
        {"connections=1", "is not section.key=value"},
        {"smtp.url", "is not section.key=value"},
        {"smtp.url_flie=x", "did you mean smtp.url_file?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loaded_config loaded = config_load_from(CONFIG_PRODUCER, NULL, NULL, cases[i].setting);
        assert_int_equal(loaded.status, STATUS_CONFIG);
        assert_has(loaded.faults.bytes, cases[i].fault);
        assert_has(loaded.faults.bytes, "--set: ");
        config_unload(&loaded);
    }
}

static void the_environment_overrides_the_file_and_set_overrides_both(void **state)
{
    (void)state;
    const char *path =
        config_write_file("test.ini", "[smtp]\nconnections = 1\nhelo = file\nca_file = file\n", 0644);
    static const char *const environment[] = {"HOME=/", "RESET_RELAY_SMTP_HELO=environment",
                                              "RESET_RELAY_SMTP_CA_FILE=environment",
                                              "RESET_RELAY_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092", NULL};
    struct loaded_config loaded = config_load_from(CONFIG_WORKER, path, environment, "smtp.ca_file=set");
    unlink(path);
    assert_int_equal(loaded.status, STATUS_OK);
    assert_int_equal(config_number(loaded.config, CONFIG_SMTP_CONNECTIONS), 1);
    assert_string_equal(config_text(loaded.config, CONFIG_SMTP_HELO), "environment");
    assert_string_equal(config_text(loaded.config, CONFIG_SMTP_CA_FILE), "set");
    assert_string_equal(config_kafka_value(loaded.config, "bootstrap.servers"), "127.0.0.1:9092");
    assert_string_equal(config_origin(loaded.config, CONFIG_SMTP_HELO), "environment RESET_RELAY_SMTP_HELO");
    config_unload(&loaded);
}

static void a_variable_that_is_no_key_is_a_fault_unless_kubernetes_made_it(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *fault; /* NULL: fine */
    } cases[] = {
        {"RESET_RELAY_SMTP_CONECTIONS=1",
         "environment RESET_RELAY_SMTP_CONECTIONS: there is no key smtp.conections; "
         "did you mean smtp.connections?"},
        {"RESET_RELAY_NONSENSE=1", "there is no key nonsense."},
        {"RESET_RELAY_REDIS_SERVICE_HOST=10.0.0.1", NULL},
        {"RESET_RELAY_REDIS_PORT=tcp://10.0.0.1:6379", NULL},
        {"RESET_RELAY_REDIS_PORT_6379_TCP_ADDR=10.0.0.1", NULL},
        {"RESET_RELAY_PORT=tcp://10.0.0.1:80", NULL},
        {"RESET_RELAYED=1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        struct loaded_config loaded = config_load_from(CONFIG_WORKER, NULL, environment, NULL);
        if (cases[i].fault)
            assert_has(loaded.faults.bytes, cases[i].fault);
        else
            assert_string_equal(loaded.faults.bytes, "");
        config_unload(&loaded);
    }
}

static void kafka_properties_pass_through_however_long_and_once_each(void **state)
{
    (void)state;
    char content[2048], servers[600] = "";
    for (size_t size = 0; size < 500; size = strlen(servers))
        snprintf(servers + size, sizeof servers - size, "%sb-1.cluster.example.com:9096", size ? "," : "");
    snprintf(content, sizeof content,
             "[kafka]\nbootstrap.servers = %s\nclient.id = a\nclient.id = b\ndebug = x ; why\n", servers);
    struct loaded_config loaded = config_load_text(content, 0644);
    assert_has(loaded.faults.bytes, "test.ini:4: kafka.client.id stands twice; the first is ");
    config_unload(&loaded);
    *strstr(content, "client.id = b") = ';'; /* now a comment */
    loaded = config_load_text(content, 0644);
    assert_string_equal(loaded.faults.bytes, "");
    size_t count;
    const struct config_pair *pairs = config_kafka(loaded.config, &count);
    assert_int_equal(count, 3);
    assert_string_equal(pairs[0].value, servers);
    assert_string_equal(pairs[2].value, "x");
    config_unload(&loaded);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/missing.ini", config_folder);
    struct loaded_config loaded = config_load_from(CONFIG_WORKER, path, NULL, NULL);
    assert_has(loaded.faults.bytes, "missing.ini: cannot open: No such file or directory");
    config_unload(&loaded);
    loaded = config_load_from(CONFIG_WORKER, config_folder, NULL, NULL);
    assert_has(loaded.faults.bytes, "cannot read");
    config_unload(&loaded);
}

static void the_table_in_markdown_names_every_key(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, CONFIG_TEXT_LIMIT);
    config_document(&out);
    buffer_append_byte(&out, 0);
    assert_false(out.failed);
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        char name[80];
        snprintf(name, sizeof name, "| `%s.%s` |", settings[i].section, settings[i].key);
        assert_has(out.bytes, name);
    }
    assert_has(out.bytes, "| `admin.listen` | `127.0.0.1:9464`, producer `127.0.0.1:9465` | both |");
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_in_the_table_with_a_help_and_a_default_that_parses),
        cmocka_unit_test(defaults_are_what_the_documentation_says),
        cmocka_unit_test(a_file_gives_values_of_every_type),
        cmocka_unit_test(all_faults_are_told_at_once_with_their_lines),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(the_environment_overrides_the_file_and_set_overrides_both),
        cmocka_unit_test(a_variable_that_is_no_key_is_a_fault_unless_kubernetes_made_it),
        cmocka_unit_test(kafka_properties_pass_through_however_long_and_once_each),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(the_table_in_markdown_names_every_key),
    };
    return cmocka_run_group_tests(tests, config_make_folder, config_remove_folder);
}
