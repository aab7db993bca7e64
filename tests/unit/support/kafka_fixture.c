#include "support/kafka_fixture.h"

#include "support.h"

#include <stdio.h>

void kafka_fixture_open(struct kafka_fixture *fixture)
{
    char reason[256] = "";
    *fixture = (struct kafka_fixture){.base = event_base_new()};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    fixture->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    assert_non_null(fixture->host);
    fixture->cluster = rd_kafka_mock_cluster_new(fixture->host, 1);
    assert_non_null(fixture->cluster);
    fixture->properties.items = fixture->pairs;
    kafka_fixture_property(fixture, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture->cluster));
}

void kafka_fixture_close(struct kafka_fixture *fixture)
{
    rd_kafka_mock_cluster_destroy(fixture->cluster);
    rd_kafka_destroy(fixture->host);
    event_base_free(fixture->base);
}

void kafka_fixture_topic(struct kafka_fixture *fixture, const char *topic, int partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, topic, partitions, 1), 0);
}

void kafka_fixture_property(struct kafka_fixture *fixture, const char *name, const char *value)
{
    assert_true(fixture->properties.count < sizeof fixture->pairs / sizeof *fixture->pairs);
    fixture->pairs[fixture->properties.count++] = (struct config_pair){name, value};
}

static void give_up(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    *(bool *)context = true;
}

void kafka_fixture_until(struct kafka_fixture *fixture, const int *seen, int wanted)
{
    bool over = false;
    struct event *guard = evtimer_new(fixture->base, give_up, &over);
    evtimer_add(guard, &(struct timeval){.tv_sec = 30});
    while (*seen < wanted && !over)
        event_base_loop(fixture->base, EVLOOP_ONCE);
    event_free(guard);
    if (*seen < wanted)
        fail_msg("waited 30 s: saw %d of %d", *seen, wanted);
}

static rd_kafka_t *plain_client(struct kafka_fixture *fixture, rd_kafka_type_t type, const char *group)
{
    char reason[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture->cluster), NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    if (group)
        rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
    assert_non_null(client);
    return client;
}

void kafka_fixture_fill(struct kafka_fixture *fixture, const char *topic, int partition, int count)
{
    rd_kafka_t *client = plain_client(fixture, RD_KAFKA_PRODUCER, NULL);
    for (int i = 0; i < count; i++) {
        char value[16];
        int size = snprintf(value, sizeof value, "%d", i);
        assert_int_equal(rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE(value, (size_t)size), RD_KAFKA_V_END),
                         0);
    }
    assert_int_equal(rd_kafka_flush(client, 30000), 0);
    rd_kafka_destroy(client);
}

int64_t kafka_fixture_committed(struct kafka_fixture *fixture, const char *group, const char *topic,
                                int partition)
{
    rd_kafka_t *client = plain_client(fixture, RD_KAFKA_CONSUMER, group);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    assert_int_equal(rd_kafka_committed(client, list, 30000), 0);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return offset < 0 ? -1 : offset;
}

rd_kafka_t *kafka_fixture_reader(struct kafka_fixture *fixture, const char *topic, int partition,
                                 int64_t offset)
{
    rd_kafka_t *client = plain_client(fixture, RD_KAFKA_CONSUMER, "reader");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    assert_int_equal(rd_kafka_assign(client, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    return client;
}
