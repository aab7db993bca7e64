/* Plaintext goes to loopback alone, whatever address a broker advertises. */
#include "support.h"

#include <stdio.h>

#include "io/kafka_brokers.h"
#include "io/kafka_producer.h"
#include "support/kafka_fixture.h"

static void a_broker_advertised_off_loopback_is_named(void **state)
{
    (void)state;
    static const struct {
        char *hosts[3];
        const char *named; /* NULL: all are fine */
    } cases[] = {
        {{"127.0.0.1", "localhost", "::1"}, NULL},
        {{"127.0.0.1", "127.1.2.3", "127.0.0.9"}, NULL},
        {{"192.0.2.1", "127.0.0.1", "127.0.0.1"}, "broker 0 is advertised at 192.0.2.1:9090,"},
        {{"127.0.0.1", "127.0.0.1", "kafka.example.net"},
         "broker 2 is advertised at kafka.example.net:9092,"},
        {{"localhost", "127.0.0.1.example.net", "::1"}, "broker 1 is advertised at 127.0.0.1.example.net"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rd_kafka_metadata_broker brokers[3];
        for (int j = 0; j < 3; j++)
            brokers[j] = (struct rd_kafka_metadata_broker){j, cases[i].hosts[j], 9090 + j};
        const struct rd_kafka_metadata metadata = {.broker_cnt = 3, .brokers = brokers};
        struct error error = {0};
        assert_int_equal(kafka_brokers_check(&metadata, &error), cases[i].named ? STATUS_CONFIG : STATUS_OK);
        if (cases[i].named && !strstr(error.text, cases[i].named))
            fail_msg("\"%s\" does not say \"%s\"", error.text, cases[i].named);
        assert_true(!cases[i].named || strstr(error.text, "security.plaintext = trusted_network"));
    }
}

struct probed {
    int count;
    enum status status;
};

static void take_probed(void *context, enum status status, int partitions, const struct error *error)
{
    (void)partitions, (void)error;
    *(struct probed *)context = (struct probed){1, status};
}

/* Linux takes 0.0.0.0 to this machine: an address that is not loopback, and yet a broker answers there. */
static void a_connection_leaves_loopback_only_where_that_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool loopback_only;
        enum status expected;
    } cases[] = {
        {"127.0.0.1", true, STATUS_OK}, {"0.0.0.0", false, STATUS_OK}, {"0.0.0.0", true, STATUS_UNAVAILABLE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kafka_fixture fixture;
        struct kafka_producer *producer;
        struct probed probed = {0};
        struct error error = {0};
        char servers[64];
        kafka_fixture_open(&fixture);
        kafka_fixture_topic(&fixture, "requested", 1);
        const char *port = strrchr(fixture.properties.items[0].value, ':');
        snprintf(servers, sizeof servers, "%s%s", cases[i].host, port);
        const struct config_pair pair = {"bootstrap.servers", servers};
        const struct kafka_producer_settings values = {
            .properties = {.items = &pair, .count = 1, .loopback_only = cases[i].loopback_only}};
        assert_ok(kafka_producer_new(fixture.base, &values, &producer, &error), &error);
        assert_ok(kafka_producer_probe(producer, "requested", 2000, take_probed, &probed, &error), &error);
        kafka_fixture_until(&fixture, &probed.count, 1);
        if (probed.status != cases[i].expected)
            fail_msg("%s%s: %s", servers, cases[i].loopback_only ? ", loopback only" : "",
                     status_name(probed.status));
        kafka_producer_free(&producer);
        kafka_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_advertised_off_loopback_is_named),
        cmocka_unit_test(a_connection_leaves_loopback_only_where_that_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
