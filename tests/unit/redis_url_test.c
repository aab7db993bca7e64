/* Where redis.url leads, what it refuses, and what an error reply of Redis is taken for. */
#include "support.h"

#include "io/redis_connection.h"

/* What a build says to rediss://. */
#ifdef RESET_REDIS_TLS
#define TLS_STATUS STATUS_OK
#else
#define TLS_STATUS STATUS_CONFIG
#endif

static void a_url_is_read_part_by_part(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        int port;
        const char *path, *user, *password;
        int database;
        bool local;
    } cases[] = {
        {"redis://localhost", "localhost", 6379, "", "", "", 0, true},
        {"redis://127.8.0.1:7000/3", "127.8.0.1", 7000, "", "", "", 3, true},
        {"redis://[::1]:7000/", "::1", 7000, "", "", "", 0, true},
        {"redis://[2001:db8::1]", "2001:db8::1", 6379, "", "", "", 0, false},
        {"redis://:p%40ss%2Fw%3A@redis.example:6380/1", "redis.example", 6380, "", "", "p@ss/w:", 1, false},
        {"redis://worker:a:b@10.0.0.1", "10.0.0.1", 6379, "", "worker", "a:b", 0, false},
        {"redis://worker:a@b@10.0.0.1", "10.0.0.1", 6379, "", "worker", "a@b", 0, false},
        {"redis://127.0.0.1.evil.example", "127.0.0.1.evil.example", 6379, "", "", "", 0, false},
        {"redis://localhost.evil.example", "localhost.evil.example", 6379, "", "", "", 0, false},
        {"rediss://worker:p@redis.example/1", "redis.example", 6379, "", "worker", "p", 1, false},
        {"unix:///run/redis.sock", "", 0, "/run/redis.sock", "", "", 0, true},
        {"unix://u:p@/run/redis.sock?db=2", "", 0, "/run/redis.sock", "u", "p", 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_url url;
        struct error error;
        assert_ok(redis_url_parse(text_of(cases[i].url), &url, &error), &error);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_string_equal(url.path, cases[i].path);
        assert_string_equal(url.user, cases[i].user);
        assert_string_equal(url.password, cases[i].password);
        assert_int_equal(url.database, cases[i].database);
        if (redis_url_is_local(&url) != cases[i].local)
            fail_msg("%s should %sbe local", cases[i].url, cases[i].local ? "" : "not ");
        assert_int_equal(url.tls, strncmp(cases[i].url, "rediss:", 7) == 0);
        redis_url_clear(&url);
    }
}

static void a_wrong_url_is_refused_without_repeating_it(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://:80",
        "redis://host:0",
        "redis://host:65536",
        "redis://host:",
        "redis://host:6379x",
        "redis://host/x",
        "redis://host/10000",
        "redis://[::1",
        "redis://[::1]x",
        "redis://s3cret@host",
        "redis://u:s3cret%2@host",
        "redis://u:s3cret%00@host",
        "unix://run/redis.sock",
        "unix://",
        "unix:///run/s?x=1",
        "unix:///run/s?db=",
        "rediss://u:s3cret@",
        "redisss://u:s3cret@host",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct redis_url url;
        struct error error = {0};
        if (redis_url_parse(text_of(urls[i]), &url, &error) != STATUS_CONFIG)
            fail_msg("%s should be refused", urls[i]);
        assert_string_equal(error.field, "redis.url");
        assert_null(strstr(error.text, "s3cret"));
    }
}

static void plaintext_leaves_the_machine_only_where_it_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool trusted;
        enum status status;
    } cases[] = {
        {"redis://10.0.0.1", false, STATUS_CONFIG}, {"redis://10.0.0.1", true, STATUS_OK},
        {"redis://127.0.0.1", false, STATUS_OK},    {"rediss://127.0.0.1", true, TLS_STATUS},
        {"rediss://10.0.0.1", false, TLS_STATUS},   {"unix:///tmp/s", false, STATUS_OK},
    };
    struct event_base *base = event_base_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct redis_options options = {.url = cases[i].url,
                                              .prefix = "p",
                                              .client_name = "c",
                                              .plaintext_trusted = cases[i].trusted,
                                              .connect_timeout_ms = 1000,
                                              .command_timeout_ms = 1000,
                                              .most_pending = 1};
        const struct redis_events events = {NULL, NULL, NULL};
        struct redis *redis;
        if (redis_new(base, &options, &events, &redis, NULL) != cases[i].status)
            fail_msg("%s should be %s", cases[i].url, status_name(cases[i].status));
        redis_free(&redis);
        assert_null(redis);
    }
    event_base_free(base);
}

static void error_replies_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum redis_fault fault;
        enum status status;
    } cases[] = {
        {"LOADING Redis is loading the dataset in memory", REDIS_FAULT_LOADING, STATUS_UNAVAILABLE},
        {"READONLY You can't write against a read only replica.", REDIS_FAULT_READONLY, STATUS_UNAVAILABLE},
        {"MASTERDOWN Link with MASTER is down", REDIS_FAULT_READONLY, STATUS_UNAVAILABLE},
        {"MISCONF Errors writing to the AOF file", REDIS_FAULT_MISCONF, STATUS_UNAVAILABLE},
        {"NOREPLICAS Not enough good replicas to write.", REDIS_FAULT_REPLICAS, STATUS_UNAVAILABLE},
        {"BUSY Redis is busy running a script.", REDIS_FAULT_BUSY, STATUS_UNAVAILABLE},
        {"OOM command not allowed when used memory > 'maxmemory'.", REDIS_FAULT_MEMORY, STATUS_FULL},
        {"NOSCRIPT No matching script. Please use EVAL.", REDIS_FAULT_NO_SCRIPT, STATUS_UNAVAILABLE},
        {"NOAUTH Authentication required.", REDIS_FAULT_PASSWORD, STATUS_CONFIG},
        {"WRONGPASS invalid username-password pair", REDIS_FAULT_PASSWORD, STATUS_CONFIG},
        {"NOPERM this user has no permissions", REDIS_FAULT_PERMISSION, STATUS_CONFIG},
        {"ERR The user executing the script can't run this command or subcommand script: 8c",
         REDIS_FAULT_PERMISSION, STATUS_CONFIG},
        {"MOVED 3999 127.0.0.1:6381", REDIS_FAULT_CLUSTER, STATUS_CONFIG},
        {"CLUSTERDOWN The cluster is down", REDIS_FAULT_CLUSTER, STATUS_CONFIG},
        {"ERR max number of clients reached", REDIS_FAULT_CONNECTION, STATUS_UNAVAILABLE},
        {"ERR unknown command", REDIS_FAULT_OTHER, STATUS_INTERNAL},
        {"WRONGTYPE Operation against a key", REDIS_FAULT_OTHER, STATUS_INTERNAL},
        {"BUSYKEY Target key name already exists.", REDIS_FAULT_OTHER, STATUS_INTERNAL},
        {"", REDIS_FAULT_OTHER, STATUS_INTERNAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum redis_fault fault = redis_fault_of(cases[i].reply, strlen(cases[i].reply));
        if (fault != cases[i].fault || redis_fault_status(fault) != cases[i].status)
            fail_msg("\"%s\" was taken for %s", cases[i].reply, redis_fault_name(fault));
    }
}

static void a_sentinel_s_address_is_read_or_named(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1", "localhost:26380", "[::1]:1"};
    static const struct {
        const char *url, *sentinel;
        bool trusted;
        const char *field;
    } cases[] = {
        {"redis://main", "127.0.0.1:0", true, "redis.sentinels"},
        {"redis://main", "127.0.0.1:x", true, "redis.sentinels"},
        {"redis://main", "[::1", true, "redis.sentinels"},
        {"redis://main", ":26379", true, "redis.sentinels"},
        {"redis://main", "10.0.0.1", false, "redis.sentinels"},
        {"redis://main:6379", "127.0.0.1", true, "redis.url"},
        {"unix:///run/s", "127.0.0.1", true, "redis.url"},
    };
    struct event_base *base = event_base_new();
    const struct redis_events events = {NULL, NULL, NULL};
    struct redis *redis;
    struct redis_options options = {.url = "redis://u:p@main/2",
                                    .sentinels = good,
                                    .sentinel_count = 3,
                                    .prefix = "p",
                                    .client_name = "c",
                                    .connect_timeout_ms = 1000,
                                    .command_timeout_ms = 1000,
                                    .most_pending = 1};
    struct error error = {0};
    assert_ok(redis_new(base, &options, &events, &redis, &error), &error);
    redis_free(&redis);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.url = cases[i].url;
        options.sentinels = &cases[i].sentinel;
        options.sentinel_count = 1;
        options.plaintext_trusted = cases[i].trusted;
        if (redis_new(base, &options, &events, &redis, &error) != STATUS_CONFIG)
            fail_msg("%s and %s should be refused", cases[i].url, cases[i].sentinel);
        assert_string_equal(error.field, cases[i].field);
    }
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_read_part_by_part),
        cmocka_unit_test(a_wrong_url_is_refused_without_repeating_it),
        cmocka_unit_test(plaintext_leaves_the_machine_only_where_it_is_allowed),
        cmocka_unit_test(a_sentinel_s_address_is_read_or_named),
        cmocka_unit_test(error_replies_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
