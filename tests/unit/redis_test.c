/* The client against a real redis-server: when it is ready, when it is not, and what it says then. */
#include "support.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/redis_scene.h"

/* A label longer than a name server may have: refused without asking one. */
#define UNKNOWN_HOST "redis://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_ready_client_knows_redis_s_time_and_birth(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t born = redis_born_ms(scene->redis);
    assert_true(born > INT64_C(1600000000000));
    assert_true(redis_now_ms(scene->redis) >= born);

    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    redis_scene_wait(scene, &scene->readies, 2, "ready again after the connection was killed");
    assert_int_equal(redis_born_ms(scene->redis), born);
    assert_int_equal(scene->fault, REDIS_FAULT_CONNECTION);

    redis_server_do(&scene->server, "SET pwreset:born 12345");
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    redis_scene_wait(scene, &scene->readies, 3, "ready again");
    assert_int_equal(redis_born_ms(scene->redis), 12345);
}

static void a_redis_that_evicts_is_not_ready_until_it_stops(void **state)
{
    struct redis_scene *scene = *state;
    redis_server_start(&scene->server, (const char *const[]){"--maxmemory", "100mb", "--maxmemory-policy",
                                                             "volatile-lru", NULL});
    redis_scene_connect(scene, scene->server.url, 10000, 100);
    redis_scene_wait(scene, &scene->downs, 1, "down");
    assert_int_equal(scene->readies, 0);
    assert_int_equal(scene->fault, REDIS_FAULT_EVICTS);
    assert_non_null(strstr(scene->reason, "volatile-lru"));
    redis_scene_ask_read(scene, "user:a");
    assert_answer(&scene->answers[0], STATUS_UNAVAILABLE);
    assert_non_null(strstr(scene->answers[0].error, "volatile-lru"));
    redis_server_do(&scene->server, "CONFIG SET maxmemory-policy noeviction");
    redis_scene_wait(scene, &scene->readies, 1, "ready");
}

static void without_a_limit_of_memory_the_policy_does_not_matter(void **state)
{
    (void)redis_scene_ready(state, (const char *const[]){"--maxmemory-policy", "allkeys-lru", NULL});
}

static void a_user_who_may_not_run_the_scripts_is_not_ready_until_the_acl_lets_it(void **state)
{
    static const struct {
        const char *lacks, *missing;
    } cases[] = {{"-evalsha", "+evalsha"}, {"-mget", "+mget"}};
    struct redis_scene *scene = *state;
    char url[256];
    redis_server_start(&scene->server, NULL);
    redis_server_do(&scene->server, "ACL SETUSER relay on >secret +@all ~pwreset:*");
    snprintf(url, sizeof url, "unix://relay:secret@%s/s", scene->server.folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene->readies = scene->downs = 0;
        redis_server_do(&scene->server, "ACL SETUSER relay %s", cases[i].lacks);
        redis_scene_connect(scene, url, 10000, 100);
        redis_scene_wait(scene, &scene->downs, 1, "down");
        assert_int_equal(scene->readies, 0);
        assert_int_equal(scene->fault, REDIS_FAULT_PERMISSION);
        assert_non_null(strstr(scene->reason, "EVALSHA: Redis's ACL forbids"));
        redis_server_do(&scene->server, "ACL SETUSER relay %s", cases[i].missing);
        redis_scene_wait(scene, &scene->readies, 1, "ready");
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
}

static void only_the_right_password_is_let_in(void **state)
{
    struct redis_scene *scene = *state;
    char url[256];
    snprintf(scene->server.user, sizeof scene->server.user, "default");
    snprintf(scene->server.password, sizeof scene->server.password, "se:cret/@");
    redis_server_start(&scene->server, (const char *const[]){"--requirepass", "se:cret/@", NULL});
    static const struct {
        const char *login;
        bool right;
    } cases[] = {
        {"", false}, {":wrong@", false}, {"nobody:se%3Acret%2F%40@", false}, {":se%3Acret%2F%40@", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene->readies = scene->downs = 0;
        snprintf(url, sizeof url, "unix://%s%s/s?db=3", cases[i].login, scene->server.folder);
        redis_scene_connect(scene, url, 10000, 100);
        redis_scene_wait(scene, cases[i].right ? &scene->readies : &scene->downs, 1, cases[i].login);
        if (!cases[i].right) {
            assert_int_equal(scene->readies, 0);
            assert_int_equal(scene->fault, REDIS_FAULT_PASSWORD);
            assert_null(strstr(scene->reason, "wrong"));
        }
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
    redis_server_do(&scene->server, "SELECT 3");
    redis_server_do(&scene->server, "GET pwreset:born");
}

static void what_is_in_flight_is_answered_when_the_client_ends(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_scene_ask_read(scene, "a");
    redis_scene_ask_read(scene, "b");
    assert_int_equal(scene->answered, 0);
    redis_free(&scene->redis);
    assert_int_equal(scene->answered, 2);
    assert_answer(&scene->answers[1], STATUS_TIMEOUT);
}

static void too_many_commands_are_refused_before_they_are_sent(void **state)
{
    struct redis_scene *scene = *state;
    struct error error;
    redis_server_start(&scene->server, NULL);
    redis_scene_connect(scene, scene->server.url, 10000, 3);
    redis_scene_wait(scene, &scene->readies, 1, "ready");
    for (int i = 0; i < 3; i++)
        assert_ok(redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, redis_scene_on_plain, scene,
                                &error),
                  &error);
    assert_int_equal(
        redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, redis_scene_on_plain, scene, &error),
        STATUS_FULL);
    redis_scene_wait_answers(scene, 3);
    /* a read that gets only one of its two commands through is answered once, and at once */
    scene->answered = 0;
    for (int i = 0; i < 2; i++)
        assert_ok(redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, redis_scene_on_plain, scene,
                                &error),
                  &error);
    redis_scene_ask_read(scene, "a");
    assert_int_equal(scene->answered, 1);
    assert_answer(&scene->answers[0], STATUS_UNAVAILABLE);
    redis_scene_wait_answers(scene, 3);
    scene->answered = 0;
    assert_answer(redis_scene_read(scene, "a"), STATUS_OK);
}

static void a_replica_is_not_ready_and_a_demoted_primary_is_left(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_server_do(&scene->server, "REPLICAOF 127.0.0.1 1");
    const struct record_store_change change = redis_scene_set("a", NULL, "v", 0);
    assert_answer(redis_scene_swap(scene, &change, 1, false), STATUS_UNAVAILABLE);
    redis_scene_wait(scene, &scene->downs, 2, "down, and again as a replica");
    assert_int_equal(scene->fault, REDIS_FAULT_READONLY);
    redis_server_do(&scene->server, "REPLICAOF NO ONE");
    redis_scene_wait(scene, &scene->readies, 2, "ready again");
    assert_answer(redis_scene_swap(scene, &change, 1, false), STATUS_OK);
}

struct impostor {
    const char *says;
    struct evconnlistener *listener;
    struct bufferevent *connection;
};

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                      int size, void *context)
{
    struct impostor *impostor = context;
    (void)address, (void)size;
    if (impostor->connection)
        bufferevent_free(impostor->connection);
    impostor->connection =
        bufferevent_socket_new(evconnlistener_get_base(listener), socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_write(impostor->connection, impostor->says, strlen(impostor->says));
}

static void a_server_that_is_no_redis_is_named(void **state)
{
    static const struct {
        const char *says;
        enum redis_fault fault;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", REDIS_FAULT_PROTOCOL},
        {"+OK\r\n+OK\r\n+OK\r\n", REDIS_FAULT_PROTOCOL},
        {"*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n", REDIS_FAULT_PROTOCOL},
        {"", REDIS_FAULT_TIMEOUT},
        {"$5\r\nab", REDIS_FAULT_TIMEOUT},
        {"-LOADING Redis is loading the dataset in memory\r\n-LOADING x\r\n-LOADING x\r\n",
         REDIS_FAULT_LOADING},
        {"+OK\r\n-ERR max number of clients reached\r\n", REDIS_FAULT_CONNECTION},
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct impostor impostor = {.says = cases[i].says};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char url[160];
        snprintf(address.sun_path, sizeof address.sun_path, "/tmp/reset-impostor-%ld", (long)getpid());
        unlink(address.sun_path);
        impostor.listener = evconnlistener_new_bind(scene->base, on_accept, &impostor, LEV_OPT_CLOSE_ON_FREE,
                                                    4, (struct sockaddr *)&address, sizeof address);
        assert_non_null(impostor.listener);
        snprintf(url, sizeof url, "unix://%s", address.sun_path);
        scene->downs = 0;
        redis_scene_connect(scene, url, 200, 10);
        redis_scene_wait(scene, &scene->downs, 1, cases[i].says);
        if (scene->fault != cases[i].fault)
            fail_msg("\"%s\" was taken for: %s", cases[i].says, scene->reason);
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
        evconnlistener_free(impostor.listener);
        if (impostor.connection)
            bufferevent_free(impostor.connection);
        unlink(address.sun_path);
    }
    assert_int_equal(scene->readies, 0);
}

static void a_server_that_is_not_there_is_named(void **state)
{
    struct redis_scene *scene = *state;
    redis_scene_connect(scene, "unix:///nonexistent/socket", 1000, 10);
    redis_scene_wait(scene, &scene->downs, 2, "two failed tries");
    assert_int_equal(scene->fault, REDIS_FAULT_CONNECTION);
    assert_non_null(strstr(scene->reason, "/nonexistent/socket"));
    redis_free(&scene->redis);
    redis_record_store_free(&scene->store);
    const struct {
        const char *url, *said;
    } cases[] = {
        {"redis://127.0.0.1:1", "refused"},
        {"redis://127.1:1", "refused"}, /* the helper thread knows this spelling */
        {UNKNOWN_HOST, "no address is found for Redis at aaaaaaa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene->downs = 0;
        redis_scene_connect(scene, cases[i].url, 1000, 10);
        redis_scene_wait(scene, &scene->downs, 1, cases[i].url);
        assert_int_equal(scene->fault, REDIS_FAULT_CONNECTION);
        if (!strstr(scene->reason, cases[i].said))
            fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].url, cases[i].said, scene->reason);
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
    redis_scene_connect(scene, UNKNOWN_HOST, 1000, 10); /* freed while the name is looked up */
    event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_ready_client_knows_redis_s_time_and_birth),
        SCENE(a_redis_that_evicts_is_not_ready_until_it_stops),
        SCENE(without_a_limit_of_memory_the_policy_does_not_matter),
        SCENE(a_user_who_may_not_run_the_scripts_is_not_ready_until_the_acl_lets_it),
        SCENE(only_the_right_password_is_let_in),
        SCENE(what_is_in_flight_is_answered_when_the_client_ends),
        SCENE(too_many_commands_are_refused_before_they_are_sent),
        SCENE(a_replica_is_not_ready_and_a_demoted_primary_is_left),
        SCENE(a_server_that_is_no_redis_is_named),
        SCENE(a_server_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
