/* What librdkafka fetches ahead of a lane that is not read: so much, or nothing; on its mock cluster. */
#include "support.h"

#include <stdio.h>

#include "io/kafka_consumer_state.h"
#include "support/kafka_member.h"

enum { VALUE_SIZE = 500, BATCH = 500, BACKLOG = 6000, AHEAD_MOST = 4000 };

struct scene {
    struct kafka_fixture fixture;
    struct kafka_member member;
    rd_kafka_t *client; /* fills the lanes */
};

/* The fixture's records are so small that one answer of the cluster brings all of them. */
static void fill(struct scene *scene, const char *topic, int count)
{
    for (int i = 0; i < count; i++) {
        char value[VALUE_SIZE] = "";
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(rd_kafka_producev(scene->client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE(value, sizeof value), RD_KAFKA_V_END),
                         0);
    }
    assert_int_equal(rd_kafka_flush(scene->client, 30000), 0);
}

/* A member with `room` for the first lane, which has `count` records. */
static void begin(struct scene *scene, size_t room, int count)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    *scene = (struct scene){.member = {.room = {room, MEMBER_RECORDS}, .complete_at_once = true}};
    kafka_member_topics(&scene->fixture, 1);
    rd_kafka_conf_set(conf, "bootstrap.servers", scene->fixture.pairs[0].value, reason, sizeof reason);
    rd_kafka_conf_set(conf, "batch.num.messages", "500", reason, sizeof reason);
    scene->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    assert_non_null(scene->client);
    fill(scene, kafka_member_lanes[0], count);
    kafka_member_join(&scene->fixture, &scene->member);
}

static void end(struct scene *scene)
{
    kafka_member_leave(&scene->fixture, &scene->member);
    rd_kafka_destroy(scene->client);
    kafka_fixture_close(&scene->fixture);
}

/* So many answers of the cluster, at least, each to a fetch of all lanes that still want some. */
static void let_fetch(struct scene *scene, int answers)
{
    while (answers-- > 0) {
        fill(scene, kafka_member_lanes[1], 1);
        kafka_fixture_until(&scene->fixture, &scene->member.records[1], scene->member.records[1] + 1);
    }
}

static size_t ahead(const struct scene *scene)
{
    return rd_kafka_queue_length(scene->member.consumer->lanes[0].queue.queue);
}

static void a_lane_that_is_not_read_has_a_bounded_number_of_records_fetched(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 0, BACKLOG);
    let_fetch(&scene, 2 * BACKLOG / BATCH);
    assert_in_range(ahead(&scene), AHEAD_MOST, AHEAD_MOST + BATCH);
    end(&scene);
}

static void a_lane_that_is_set_aside_keeps_nothing_and_goes_on_where_it_was(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 7, 1500);
    struct kafka_member *member = &scene.member;
    kafka_fixture_until(&scene.fixture, &member->records[0], 7);
    let_fetch(&scene, 3);
    assert_true(ahead(&scene) > 0);
    kafka_consumer_set_aside(member->consumer, 0);
    let_fetch(&scene, 3);
    assert_int_equal(ahead(&scene), 0);
    member->room[0] = 1500;
    kafka_consumer_resume(member->consumer, 0);
    kafka_fixture_until(&scene.fixture, &member->records[0], 1500);
    for (int i = 0, expected = 0; i < member->count; i++)
        if (member->references[i].lane == 0)
            assert_int_equal(member->values[i], expected++);
    end(&scene);
}

static void a_lane_that_was_set_aside_is_read_under_its_next_assignment(void **state)
{
    (void)state;
    struct scene scene;
    struct kafka_member guest = {0};
    begin(&scene, 7, 100);
    struct kafka_member *member = &scene.member;
    kafka_fixture_until(&scene.fixture, &member->records[0], 7);
    kafka_consumer_set_aside(member->consumer, 0);
    kafka_member_join(&scene.fixture, &guest);
    kafka_fixture_until(&scene.fixture, &guest.assigned, 1);
    kafka_member_leave(&scene.fixture, &guest);
    member->room[0] = 100;
    kafka_fixture_until(&scene.fixture, &member->assigned, 3);
    kafka_fixture_until(&scene.fixture, &member->records[0], 100);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_that_is_not_read_has_a_bounded_number_of_records_fetched),
        cmocka_unit_test(a_lane_that_is_set_aside_keeps_nothing_and_goes_on_where_it_was),
        cmocka_unit_test(a_lane_that_was_set_aside_is_read_under_its_next_assignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
