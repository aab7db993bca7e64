/* Waiting for replicas, on a real primary with a real replica: what is told only when the replica has it, and
 * what is said when it does not come. */
#include "support.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/redis_scene.h"

enum { LONG_MS = 5000, SHORT_MS = 100 };

struct replication {
    struct redis_server replica;
    char port[8];
};

static struct replication replication;

static void on_settled(void *context, const struct record_store_reply *reply)
{
    struct redis_scene *scene = context;
    struct redis_scene_answer *answer = &scene->answers[scene->answered++];
    *answer = (struct redis_scene_answer){.status = reply->status};
    if (reply->error)
        snprintf(answer->error, sizeof answer->error, "%s", reply->error->text);
}

static void free_port(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&address, &size), 0);
    snprintf(port, 8, "%u", ntohs(address.sin_port));
    close(probe);
}

static void wait_for_replica(struct redis_scene *scene)
{
    redisReply *reply;
    long long found;
    do {
        reply = redis_server_ask(&scene->server, "WAIT 1 1000");
        found = reply->integer;
        freeReplyObject(reply);
    } while (found < 1);
}

static void connect_settling(struct redis_scene *scene, unsigned replicas, int64_t wait_ms)
{
    struct error error;
    redis_scene_connect(scene, scene->server.url, 20000, 100);
    assert_ok(redis_record_store_settle(scene->store, replicas, wait_ms, &error), &error);
    scene->port = redis_record_store_port(scene->store);
    redis_scene_wait(scene, &scene->readies, 1, "ready");
}

static struct redis_scene *begin(void **state, unsigned replicas, int64_t wait_ms)
{
    struct redis_scene *scene = *state;
    free_port(replication.port);
    redis_server_start(&scene->server, (const char *const[]){"--port", replication.port,
                                                             "--repl-diskless-sync-delay", "0", NULL});
    redis_server_start(&replication.replica,
                       (const char *const[]){"--replicaof", "127.0.0.1", replication.port, NULL});
    wait_for_replica(scene);
    connect_settling(scene, replicas, wait_ms);
    return scene;
}

static int tear_down(void **state)
{
    redis_server_stop(&replication.replica);
    return redis_scene_tear_down(state);
}

static void ask_settle(struct redis_scene *scene)
{
    scene->port.operations->settle(scene->port.context, on_settled, scene);
}

static enum status settle(struct redis_scene *scene)
{
    size_t before = scene->answered;
    ask_settle(scene);
    redis_scene_wait_answers(scene, before + 1);
    return scene->answers[before].status;
}

static void what_was_written_is_settled_once_the_replica_has_it(void **state)
{
    struct redis_scene *scene = begin(state, 1, LONG_MS);
    const struct record_store_change change = redis_scene_set("a", NULL, "v", 0);
    assert_answer(redis_scene_swap(scene, &change, 1, true), STATUS_OK);
    assert_int_equal(settle(scene), STATUS_OK);
    redisReply *reply = redis_server_ask(&replication.replica, "GET pwreset:a");
    assert_string_equal(reply->str, "v");
    freeReplyObject(reply);
}

static void without_enough_replicas_nothing_is_settled(void **state)
{
    struct redis_scene *scene = begin(state, 2, SHORT_MS);
    assert_int_equal(settle(scene), STATUS_TIMEOUT);
    assert_non_null(strstr(scene->answers[0].error, "too few replicas"));
}

/* WAIT alone looks at the last write of its own connection, of which there may be none. */
static void what_another_connection_wrote_is_waited_for_too(void **state)
{
    struct redis_scene *scene = begin(state, 1, LONG_MS);
    assert_int_equal(settle(scene), STATUS_OK);
    kill(replication.replica.pid, SIGSTOP);
    redis_server_do(&scene->server, "SET pwreset:other v");
    redis_free(&scene->redis);
    redis_record_store_free(&scene->store);
    scene->readies = 0;
    connect_settling(scene, 1, SHORT_MS);
    assert_int_equal(settle(scene), STATUS_TIMEOUT);
    kill(replication.replica.pid, SIGCONT);
    wait_for_replica(scene);
    while (settle(scene) != STATUS_OK)
        assert_true(scene->answered < REDIS_SCENE_ANSWERS_MOST - 1);
}

static void many_who_wait_at_once_share_two_waits_at_most(void **state)
{
    struct redis_scene *scene = begin(state, 1, LONG_MS);
    enum { MANY = 40 };
    redis_server_do(&scene->server, "CONFIG RESETSTAT");
    for (size_t i = 0; i < MANY; i++)
        ask_settle(scene);
    redis_scene_wait_answers(scene, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_answer(&scene->answers[i], STATUS_OK);
    redisReply *reply = redis_server_ask(&scene->server, "INFO commandstats");
    const char *waits = strstr(reply->str, "cmdstat_wait:calls=");
    assert_non_null(waits);
    assert_true(strtol(waits + sizeof "cmdstat_wait:calls=" - 1, NULL, 10) <= 2);
    freeReplyObject(reply);
}

static void a_full_redis_settles_too(void **state)
{
    struct redis_scene *scene = begin(state, 1, LONG_MS);
    redis_server_do(&scene->server, "CONFIG SET maxmemory 1");
    assert_int_equal(settle(scene), STATUS_OK);
}

static void a_redis_that_goes_away_meanwhile_leaves_it_open(void **state)
{
    struct redis_scene *scene = begin(state, 2, SHORT_MS);
    ask_settle(scene);
    ask_settle(scene);
    redis_server_kill(&scene->server);
    redis_scene_wait_answers(scene, 2);
    assert_answer(&scene->answers[0], STATUS_TIMEOUT);
    assert_answer(&scene->answers[1], STATUS_TIMEOUT);
    ask_settle(scene);
    assert_answer(&scene->answers[2], STATUS_TIMEOUT);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the programs do */
#define REPLICATED(test) cmocka_unit_test_setup_teardown(test, redis_scene_set_up, tear_down)
    const struct CMUnitTest tests[] = {
        REPLICATED(what_was_written_is_settled_once_the_replica_has_it),
        REPLICATED(without_enough_replicas_nothing_is_settled),
        REPLICATED(what_another_connection_wrote_is_waited_for_too),
        REPLICATED(many_who_wait_at_once_share_two_waits_at_most),
        REPLICATED(a_full_redis_settles_too),
        REPLICATED(a_redis_that_goes_away_meanwhile_leaves_it_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
