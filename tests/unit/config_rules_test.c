/* What must hold between keys: each case is a whole configuration with one thing wrong. */
#include "support.h"

#include "io/config_rules.h"

#define MOST_SETTINGS 24

static const char *const worker[] = {
    "kafka.bootstrap.servers=127.0.0.1:9092,[::1]:9092",
    "redis.url=redis://localhost:6379/1",
    "smtp.url=smtp://127.0.0.1:2525",
    "smtp.tls=off",
    "smtp.from=Example <no-reply@example.com>",
    "link.url=https://app.example.com/reset#{token}",
    "token.master_keys_file=master",
    "token.record_keys_file=record",
    "auth.publishers_file=publishers",
    NULL,
};
static const char *const producer[] = {
    "kafka.bootstrap.servers=localhost:9092",
    "auth.keys_file=keys",
    "auth.publishers_file=publishers",
    "auth.publisher=own",
    NULL,
};

struct rule_case {
    enum config_purpose purpose;
    const char *changes[3]; /* "section.key=value" in place of the base's; "section.key=" takes it away */
    const char *fault;      /* NULL: none */
};

/* `base` with the changes in the place of settings with the same key. */
static size_t merge(const char *const *base, const char *const changes[3], const char *merged[MOST_SETTINGS])
{
    size_t count = 0;
    for (; *base; base++) {
        bool replaced = false;
        for (size_t i = 0; i < 3 && changes[i]; i++)
            replaced = replaced || strncmp(*base, changes[i], strcspn(*base, "=") + 1) == 0;
        if (!replaced)
            merged[count++] = *base;
    }
    for (size_t i = 0; i < 3 && changes[i]; i++)
        merged[count++] = changes[i];
    return count;
}

static void check(const char *const *base, enum config_program program, const struct rule_case *rule)
{
    const char *merged[MOST_SETTINGS];
    struct config *config;
    struct buffer faults;
    buffer_init(&faults, 65536);
    const struct config_source source = {NULL, NULL, merged, merge(base, rule->changes, merged)};
    if (config_load(program, &source, &config, &faults) != STATUS_OK)
        fail_msg("%.*s", (int)faults.size, faults.bytes);
    enum status status = config_rules_check(config, rule->purpose, &faults);
    buffer_append_byte(&faults, 0);
    if (rule->fault && !strstr(faults.bytes, rule->fault))
        fail_msg("expected \"%s\" in: %s", rule->fault, faults.bytes);
    if (!rule->fault && *faults.bytes)
        fail_msg("expected no fault (%s): %s", rule->changes[0], faults.bytes);
    assert_int_equal(status, rule->fault ? STATUS_CONFIG : STATUS_OK);
    config_free(&config);
    buffer_clear(&faults);
}

static void a_wrong_value_hides_no_other_fault_and_is_not_called_missing(void **state)
{
    (void)state;
    static const char *const lines[] = {"redis.url=", "smtp.url=not a url", "http.listen=nowhere"};
    const struct config_source source = {NULL, NULL, lines, 3};
    struct config *config;
    struct buffer faults;
    buffer_init(&faults, 65536);
    assert_int_equal(config_load(CONFIG_WORKER, &source, &config, &faults), STATUS_CONFIG);
    assert_non_null(config);
    assert_int_equal(config_rules_check(config, CONFIG_FOR_RUN, &faults), STATUS_CONFIG);
    buffer_append_byte(&faults, 0);
    assert_non_null(strstr(faults.bytes, "http.listen"));
    assert_non_null(strstr(faults.bytes, "redis.url is missing"));
    assert_non_null(strstr(faults.bytes, "auth.publishers_file is missing"));
    assert_null(strstr(faults.bytes, "smtp.url is missing"));
    config_free(&config);
    buffer_clear(&faults);
}

static void a_worker_needs_what_it_works_with(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {CONFIG_FOR_RUN, {NULL}, NULL},
        {CONFIG_FOR_RUN, {"redis.url="}, "redis.url is missing"},
        {CONFIG_FOR_RUN, {"smtp.url="}, "smtp.url is missing"},
        {CONFIG_FOR_RUN, {"smtp.from="}, "smtp.from is missing"},
        {CONFIG_FOR_RUN, {"link.url="}, "link.url is missing"},
        {CONFIG_FOR_RUN, {"token.master_keys_file="}, "token.master_keys_file is missing"},
        {CONFIG_FOR_RUN, {"token.record_keys_file="}, "token.record_keys_file is missing"},
        {CONFIG_FOR_RUN, {"auth.publishers_file="}, "auth.publishers_file is missing"},
        {CONFIG_FOR_RUN, {"kafka.bootstrap.servers="}, "bootstrap.servers is missing"},
        {CONFIG_FOR_RENDER, {"redis.url=", "smtp.url=", "kafka.bootstrap.servers="}, NULL},
        {CONFIG_FOR_RENDER, {"smtp.from=", "link.url="}, NULL},
        {CONFIG_FOR_KEYGEN, {"redis.url=", "smtp.url=", "link.url="}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(worker, CONFIG_WORKER, &cases[i]);
}

static void a_producer_needs_what_it_publishes_with(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {CONFIG_FOR_SERVE, {NULL}, NULL},
        {CONFIG_FOR_SERVE, {"auth.publisher="}, "auth.publisher is missing"},
        {CONFIG_FOR_SERVE, {"auth.keys_file="}, "auth.keys_file is missing"},
        {CONFIG_FOR_SEND, {"auth.keys_file="}, NULL},
        {CONFIG_FOR_SEND, {"auth.publishers_file="}, "auth.publishers_file is missing"},
        {CONFIG_FOR_KEYS, {"auth.publisher=", "auth.publishers_file=", "kafka.bootstrap.servers="}, NULL},
        {CONFIG_FOR_PUBLISHERS, {"auth.publisher=", "auth.keys_file="}, NULL},
        {CONFIG_FOR_TOPICS, {"auth.publisher=", "auth.keys_file="}, NULL},
        {CONFIG_FOR_SERVE, {"redis.url=redis://localhost"}, "token.record_keys_file is missing"},
        {CONFIG_FOR_SERVE, {"redis.url=redis://localhost", "token.record_keys_file=x"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(producer, CONFIG_PRODUCER, &cases[i]);
}

static void plaintext_off_loopback_needs_a_trusted_network(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {CONFIG_FOR_RUN, {"redis.url=redis://10.0.0.1"}, "redis.url speaks plaintext to 10.0.0.1"},
        {CONFIG_FOR_RUN, {"redis.url=redis://127.0.0.1.example.com"}, "redis.url speaks plaintext"},
        {CONFIG_FOR_RUN, {"redis.url=redis://localhost@10.0.0.1"}, "redis.url speaks plaintext to 10.0.0.1"},
        {CONFIG_FOR_RUN, {"redis.url=redis://localhost/@10.0.0.1"}, "redis.url speaks plaintext to 10.0.0.1"},
        {CONFIG_FOR_RUN,
         {"redis.url=redis://localhost@x@10.0.0.1"},
         "redis.url speaks plaintext to 10.0.0.1,"},
        {CONFIG_FOR_RUN,
         {"redis.url=redis://[2001:db8::1]:6379"},
         "redis.url speaks plaintext to 2001:db8::1"},
        {CONFIG_FOR_RUN, {"redis.url=redis://[::1]:6379"}, NULL},
        {CONFIG_FOR_RUN, {"redis.url=rediss://10.0.0.1"}, NULL},
        {CONFIG_FOR_RUN, {"redis.url=unix:///run/redis.sock"}, NULL},
        {CONFIG_FOR_RUN, {"redis.url=redis://main", "redis.sentinels=127.0.0.1,[::1]:26380"}, NULL},
        {CONFIG_FOR_RUN,
         {"redis.url=redis://main", "redis.sentinels=127.0.0.1,10.0.0.1:26379"},
         "redis.sentinels speaks plaintext to 10.0.0.1"},
        {CONFIG_FOR_RUN, {"redis.url=rediss://main", "redis.sentinels=10.0.0.1:26379"}, NULL},
        {CONFIG_FOR_SERVE,
         {"redis.wait_replicas=1", "redis.wait_timeout=1s", "redis.timeout=2s"},
         "redis.wait_timeout must be less than half of redis.timeout"},
        {CONFIG_FOR_RUN, {"redis.url=http://localhost"}, "redis.url must begin with"},
        {CONFIG_FOR_RUN, {"redis.url=redis://10.0.0.1", "security.plaintext=trusted_network"}, NULL},
        {CONFIG_FOR_RUN, {"smtp.url=smtp://mail.example.com"}, "smtp.tls = off sends links in plaintext"},
        {CONFIG_FOR_RUN, {"smtp.url=smtps://mail.example.com"}, NULL},
        {CONFIG_FOR_RUN, {"smtp.url=smtp://mail.example.com", "smtp.tls=required"}, NULL},
        {CONFIG_FOR_RUN, {"smtp.url=smtp://mail.example.com", "security.plaintext=trusted_network"}, NULL},
        {CONFIG_FOR_RUN, {"smtp.url=ftp://127.0.0.1"}, "smtp.url must begin with"},
        {CONFIG_FOR_RUN, {"kafka.bootstrap.servers=127.0.0.1:1,kafka:9092"}, "plaintext to kafka"},
        {CONFIG_FOR_RUN, {"kafka.bootstrap.servers=PLAINTEXT://kafka:9092"}, "plaintext to kafka"},
        {CONFIG_FOR_RUN,
         {"kafka.bootstrap.servers=kafka:9092", "kafka.security.protocol=sasl_plaintext"},
         "plaintext to kafka"},
        {CONFIG_FOR_RUN, {"kafka.bootstrap.servers=kafka:9092", "kafka.security.protocol=SASL_SSL"}, NULL},
        {CONFIG_FOR_RUN,
         {"kafka.bootstrap.servers=", "kafka.metadata.broker.list=kafka:9092"},
         "plaintext to kafka"},
        {CONFIG_FOR_RUN, {"admin.listen=0.0.0.0:9464"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(worker, CONFIG_WORKER, &cases[i]);
    static const struct rule_case listen[] = {
        {CONFIG_FOR_SERVE, {"http.listen=0.0.0.0:8080"}, "http.listen speaks plaintext on 0.0.0.0"},
        {CONFIG_FOR_SERVE, {"http.listen=[::]:8080"}, "http.listen speaks plaintext on ::"},
        {CONFIG_FOR_SERVE, {"http.listen=127.1.2.3:8080"}, NULL},
        {CONFIG_FOR_SERVE, {"http.listen=0.0.0.0:8080", "security.plaintext=trusted_network"}, NULL},
        {CONFIG_FOR_SEND, {"http.listen=0.0.0.0:8080"}, NULL},
    };
    for (size_t i = 0; i < sizeof listen / sizeof *listen; i++)
        check(producer, CONFIG_PRODUCER, &listen[i]);
}

static void keys_that_contradict_each_other_are_named(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {CONFIG_FOR_RUN,
         {"topics.retry=30s,5m,10m"},
         "the longest tier of topics.retry must exceed smtp.dot_timeout"},
        {CONFIG_FOR_RUN, {"topics.retry=30s,5m,10m", "smtp.dot_timeout=9m"}, NULL},
        {CONFIG_FOR_RUN, {"topics.retry=5m,30s,30m"}, "topics.retry must ascend"},
        {CONFIG_FOR_RUN, {"topics.retry=30m,1800s"}, "topics.retry must ascend"},
        {CONFIG_FOR_RUN, {"topics.audit=password-reset.requested.v1"}, "are the same topic"},
        {CONFIG_FOR_RUN, {"topics.audit=a b"}, "topics.audit may have letters"},
        {CONFIG_FOR_RUN, {"link.url=https://a.example/"}, "link.url: "},
        {CONFIG_FOR_RUN, {"link.url=https://a.example/{token}{token}"}, "link.url: "},
        {CONFIG_FOR_RUN, {"link.url=http://a.example/{token}"}, "link.url: "},
        {CONFIG_FOR_RUN, {"link.url=http://localhost:3000/{token}"}, NULL},
        {CONFIG_FOR_RUN, {"link.allowed=a.example,b.example:8443"}, NULL},
        {CONFIG_FOR_RUN,
         {"link.allowed=a.example,https://b.example"},
         "link.allowed: `https://b.example` is no host"},
        {CONFIG_FOR_RUN, {"policy.admin_roles=admin,self"}, "must not name \"self\""},
        {CONFIG_FOR_RUN, {"smtp.username=joe"}, "smtp.username and smtp.password go together"},
        {CONFIG_FOR_RUN, {"redis.prefix=a*"}, "redis.prefix may have"},
        {CONFIG_FOR_RUN, {"token.not_before=2099-01-01T00:00:00Z"}, "token.not_before is in the future"},
        {CONFIG_FOR_RUN, {"token.not_before=2020-01-01T00:00:00Z"}, NULL},
        {CONFIG_FOR_RENDER, {"token.not_before=2099-01-01T00:00:00Z"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(worker, CONFIG_WORKER, &cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_value_hides_no_other_fault_and_is_not_called_missing),
        cmocka_unit_test(a_worker_needs_what_it_works_with),
        cmocka_unit_test(a_producer_needs_what_it_publishes_with),
        cmocka_unit_test(plaintext_off_loopback_needs_a_trusted_network),
        cmocka_unit_test(keys_that_contradict_each_other_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
