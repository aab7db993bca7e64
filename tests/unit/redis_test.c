/* The client and the record store against a real redis-server: what is promised when nothing goes wrong, and
 * what is said when something does. */
#include "support.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/redis_record_store.h"
#include "support/redis_server.h"

/* A label longer than a name server may have: refused without asking one. */
#define UNKNOWN_HOST "redis://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { ANSWERS_MOST = 64, GUARD_SECONDS = 20 };

struct answer {
    enum status status;
    int64_t now_ms;
    size_t count;
    char values[RECORD_STORE_KEYS_MOST][64]; /* "(none)" for no such key */
    char error[320];
};

struct scene {
    struct event_base *base;
    struct redis_server server;
    struct redis *redis;
    struct redis_record_store *store;
    struct record_store port;
    int readies, downs;
    enum redis_fault fault;
    char reason[512];
    struct answer answers[ANSWERS_MOST];
    size_t answered;
    struct redis_answer last; /* of a plain command; without its reply */
};

static void on_ready(void *context)
{
    ((struct scene *)context)->readies++;
}

static void on_down(void *context, enum redis_fault fault, const char *reason)
{
    struct scene *scene = context;
    scene->downs++;
    scene->fault = fault;
    snprintf(scene->reason, sizeof scene->reason, "%s", reason);
}

static void on_answer(void *context, const struct record_store_reply *reply)
{
    struct scene *scene = context;
    assert_true(scene->answered < ANSWERS_MOST);
    struct answer *answer = &scene->answers[scene->answered++];
    *answer = (struct answer){.status = reply->status, .now_ms = reply->now_ms, .count = reply->count};
    for (size_t i = 0; i < reply->count; i++)
        snprintf(answer->values[i], sizeof answer->values[i], "%.*s",
                 reply->values[i].bytes ? (int)reply->values[i].size : 6,
                 reply->values[i].bytes ? reply->values[i].bytes : "(none)");
    if (reply->error)
        snprintf(answer->error, sizeof answer->error, "%s", reply->error->text);
}

static void on_plain(void *context, const struct redis_answer *answer)
{
    struct scene *scene = context;
    scene->last = *answer;
    scene->last.reply = NULL;
    scene->answered++;
}

/* Turns the loop until `*number` is at least `wanted`. */
static void wait_int(struct scene *scene, const int *number, int wanted, const char *what)
{
    time_t end = time(NULL) + GUARD_SECONDS;
    while (*number < wanted) {
        event_base_loopexit(scene->base, &(struct timeval){.tv_usec = 20000});
        event_base_dispatch(scene->base);
        if (time(NULL) > end)
            fail_msg("waited in vain for: %s; the last reason was \"%s\"", what, scene->reason);
    }
}

static void wait_answers(struct scene *scene, size_t wanted)
{
    time_t end = time(NULL) + GUARD_SECONDS;
    while (scene->answered < wanted) {
        event_base_loop(scene->base, EVLOOP_ONCE);
        if (time(NULL) > end)
            fail_msg("%zu answers came instead of %zu", scene->answered, wanted);
    }
}

static void connect_to(struct scene *scene, const char *url, int64_t timeout_ms, size_t most_pending)
{
    struct redis_script scripts[REDIS_RECORD_STORE_SCRIPTS];
    struct error error;
    redis_record_store_scripts(scripts);
    const struct redis_options options = {.url = url,
                                          .prefix = "pwreset",
                                          .client_name = "test",
                                          .plaintext_trusted = true,
                                          .connect_timeout_ms = timeout_ms,
                                          .command_timeout_ms = timeout_ms,
                                          .most_pending = most_pending,
                                          .scripts = scripts,
                                          .script_count = REDIS_RECORD_STORE_SCRIPTS};
    const struct redis_events events = {on_ready, on_down, scene};
    assert_ok(redis_new(scene->base, &options, &events, &scene->redis, &error), &error);
    assert_ok(redis_record_store_new(scene->redis, &scene->store, &error), &error);
    scene->port = redis_record_store_port(scene->store);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->base = event_base_new();
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    redis_free(&scene->redis);
    redis_record_store_free(&scene->store);
    if (scene->server.folder[0])
        redis_server_stop(&scene->server);
    event_base_free(scene->base);
    free(scene);
    return 0;
}

/* A server with these arguments, and a client that is ready. */
static struct scene *ready_scene(void **state, const char *const arguments[])
{
    struct scene *scene = *state;
    redis_server_start(&scene->server, arguments);
    connect_to(scene, scene->server.url, 10000, 100);
    wait_int(scene, &scene->readies, 1, "ready");
    return scene;
}

static void ask_read(struct scene *scene, const char *key)
{
    const struct text keys[] = {text_of(key), TEXT("user:nothing")};
    scene->port.operations->read(scene->port.context, keys, 2, on_answer, scene);
}

static const struct answer *read_key(struct scene *scene, const char *key)
{
    size_t before = scene->answered;
    ask_read(scene, key);
    wait_answers(scene, before + 1);
    return &scene->answers[before];
}

/* `expected` NULL: there must be no such key. */
static struct record_store_change set(const char *key, const char *expected, const char *value,
                                      int64_t expires_at_ms)
{
    return (struct record_store_change){.key = text_of(key),
                                        .compared = true,
                                        .expected = text_of(expected),
                                        .action = RECORD_STORE_SET,
                                        .value = text_of(value),
                                        .expires_at_ms = expires_at_ms};
}

static void ask_swap(struct scene *scene, const struct record_store_change *changes, size_t count,
                     bool allow_oom)
{
    scene->port.operations->swap(scene->port.context, changes, count, allow_oom, on_answer, scene);
}

static const struct answer *swap(struct scene *scene, const struct record_store_change *changes, size_t count,
                                 bool allow_oom)
{
    size_t before = scene->answered;
    ask_swap(scene, changes, count, allow_oom);
    wait_answers(scene, before + 1);
    return &scene->answers[before];
}

static void assert_status(const struct answer *answer, enum status status)
{
    if (answer->status != status)
        fail_msg("expected %s, got %s: %s", status_name(status), status_name(answer->status), answer->error);
}

static void assert_held(struct scene *scene, const char *key, const char *value)
{
    redisReply *reply = redis_server_ask(&scene->server, "GET pwreset:%s", key);
    assert_string_equal(reply->type == REDIS_REPLY_NIL ? "(none)" : reply->str, value);
    freeReplyObject(reply);
}

static void a_ready_client_knows_redis_s_time_and_birth(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    int64_t born = redis_born_ms(scene->redis);
    assert_true(born > INT64_C(1600000000000));
    assert_true(redis_now_ms(scene->redis) >= born);

    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    wait_int(scene, &scene->readies, 2, "ready again after the connection was killed");
    assert_int_equal(redis_born_ms(scene->redis), born);
    assert_int_equal(scene->fault, REDIS_FAULT_CONNECTION);

    redis_server_do(&scene->server, "SET pwreset:born 12345");
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    wait_int(scene, &scene->readies, 3, "ready again");
    assert_int_equal(redis_born_ms(scene->redis), 12345);
}

static void a_read_has_the_values_and_the_time(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    redis_server_do(&scene->server, "SET pwreset:user:a %s", "1\tx y");
    const struct answer *answer = read_key(scene, "user:a");
    assert_status(answer, STATUS_OK);
    assert_int_equal(answer->count, 2);
    assert_string_equal(answer->values[0], "1\tx y");
    assert_string_equal(answer->values[1], "(none)");
    assert_true(answer->now_ms > INT64_C(1600000000000));
}

static void a_swap_sets_deletes_keeps_and_counts(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    redis_server_do(&scene->server, "MSET pwreset:old 1 pwreset:kept k");
    const struct record_store_change changes[] = {
        set("new", NULL, "v1", end),
        {.key = TEXT("old"), .compared = true, .expected = TEXT("1"), .action = RECORD_STORE_DELETE},
        {.key = TEXT("kept"), .compared = true, .expected = TEXT("k"), .action = RECORD_STORE_KEEP},
        {.key = TEXT("counter"), .action = RECORD_STORE_COUNT, .expires_at_ms = end},
        {.key = TEXT("for-ever"), .action = RECORD_STORE_SET, .value = TEXT("")},
        {.key = TEXT("absent"), .action = RECORD_STORE_DELETE},
    };
    assert_status(swap(scene, changes, 6, false), STATUS_OK);
    assert_held(scene, "new", "v1");
    assert_held(scene, "old", "(none)");
    assert_held(scene, "kept", "k");
    assert_held(scene, "counter", "1");
    assert_held(scene, "for-ever", "");
    static const struct {
        const char *key;
        bool expires;
    } expiries[] = {{"new", true}, {"counter", true}, {"for-ever", false}, {"kept", false}};
    for (size_t i = 0; i < 4; i++) {
        redisReply *reply = redis_server_ask(&scene->server, "PEXPIRETIME pwreset:%s", expiries[i].key);
        assert_int_equal(reply->integer, expiries[i].expires ? end : -1);
        freeReplyObject(reply);
    }
    /* the counter's expiry is its first one's */
    const struct record_store_change again = {
        .key = TEXT("counter"), .action = RECORD_STORE_COUNT, .expires_at_ms = end + 1000};
    assert_status(swap(scene, &again, 1, true), STATUS_OK);
    assert_held(scene, "counter", "2");
    redisReply *reply = redis_server_ask(&scene->server, "PEXPIRETIME pwreset:counter");
    assert_int_equal(reply->integer, end);
    freeReplyObject(reply);
}

static void a_swap_on_changed_records_writes_nothing_and_says_what_is_there(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    redis_server_do(&scene->server, "MSET pwreset:a 1 pwreset:b 2");
    static const struct {
        const char *a, *b; /* as expected */
    } cases[] = {{"1", NULL}, {"1", "3"}, {NULL, "2"}, {"", "2"}, {"11", "2"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct record_store_change changes[] = {set("a", cases[i].a, "x", 0),
                                                      set("b", cases[i].b, "y", 0), set("c", NULL, "z", 0)};
        const struct answer *answer = swap(scene, changes, 3, i % 2);
        assert_status(answer, STATUS_CONFLICT);
        assert_int_equal(answer->count, 3);
        assert_string_equal(answer->values[0], "1");
        assert_string_equal(answer->values[1], "2");
        assert_string_equal(answer->values[2], "(none)");
        assert_true(answer->now_ms > INT64_C(1600000000000));
        assert_held(scene, "a", "1");
        assert_held(scene, "c", "(none)");
    }
}

static void of_many_swaps_of_one_record_one_wins(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    size_t won = 0;
    for (int i = 0; i < 50; i++) {
        char value[8];
        snprintf(value, sizeof value, "v%d", i);
        const struct record_store_change change = set("claim", NULL, value, 0);
        ask_swap(scene, &change, 1, i % 2);
    }
    wait_answers(scene, 50);
    for (int i = 0; i < 50; i++) {
        won += scene->answers[i].status == STATUS_OK;
        if (scene->answers[i].status != STATUS_OK)
            assert_string_equal(scene->answers[i].values[0], "v0");
    }
    assert_int_equal(won, 1);
}

static void swaps_go_on_when_redis_forgot_the_scripts(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    for (int round = 0; round < 2; round++) {
        redis_server_do(&scene->server, "SCRIPT FLUSH");
        size_t before = scene->answered;
        for (int i = 0; i < 10; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%d-%d", round, i);
            const struct record_store_change change = set(key, NULL, "v", 0);
            ask_swap(scene, &change, 1, i % 2);
        }
        wait_answers(scene, before + 10);
        for (size_t i = before; i < before + 10; i++)
            assert_status(&scene->answers[i], STATUS_OK);
    }
    assert_int_equal(scene->readies, 1);
}

static void a_full_redis_refuses_new_work_and_lets_old_work_end(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    redis_server_do(&scene->server, "CONFIG SET maxmemory 100000");
    const struct record_store_change change = set("full", NULL, "v", 0);
    const struct answer *refused = swap(scene, &change, 1, false);
    assert_status(refused, STATUS_FULL);
    assert_non_null(strstr(refused->error, "maxmemory"));
    assert_held(scene, "full", "(none)");
    assert_status(swap(scene, &change, 1, true), STATUS_OK);
    assert_held(scene, "full", "v");
    assert_status(read_key(scene, "full"), STATUS_OK);

    /* and it still greets */
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    wait_int(scene, &scene->readies, 2, "ready on a full Redis");
    redis_server_do(&scene->server, "DEL pwreset:born");
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    wait_int(scene, &scene->readies, 3, "ready on a full Redis without its birth");
    assert_true(redis_born_ms(scene->redis) > INT64_C(1600000000000));
}

static void a_redis_that_evicts_is_not_ready_until_it_stops(void **state)
{
    struct scene *scene = *state;
    redis_server_start(&scene->server, (const char *const[]){"--maxmemory", "100mb", "--maxmemory-policy",
                                                             "volatile-lru", NULL});
    connect_to(scene, scene->server.url, 10000, 100);
    wait_int(scene, &scene->downs, 1, "down");
    assert_int_equal(scene->readies, 0);
    assert_int_equal(scene->fault, REDIS_FAULT_EVICTS);
    assert_non_null(strstr(scene->reason, "volatile-lru"));
    ask_read(scene, "user:a");
    assert_status(&scene->answers[0], STATUS_UNAVAILABLE);
    assert_non_null(strstr(scene->answers[0].error, "volatile-lru"));
    redis_server_do(&scene->server, "CONFIG SET maxmemory-policy noeviction");
    wait_int(scene, &scene->readies, 1, "ready");
}

static void without_a_limit_of_memory_the_policy_does_not_matter(void **state)
{
    (void)ready_scene(state, (const char *const[]){"--maxmemory-policy", "allkeys-lru", NULL});
}

static void only_the_right_password_is_let_in(void **state)
{
    struct scene *scene = *state;
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
        connect_to(scene, url, 10000, 100);
        wait_int(scene, cases[i].right ? &scene->readies : &scene->downs, 1, cases[i].login);
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

/* A file of the source tree, closed by a NUL; the caller frees it. */
static char *read_source(const char *path)
{
    char name[512], *text = calloc(1, 8192);
    snprintf(name, sizeof name, "%s/%s", SOURCE_DIRECTORY, path);
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, 8191, file) > 0);
    fclose(file);
    return text;
}

static void each_process_has_its_commands_and_keys_and_no_more(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *user, *key;
        enum status status;
    } cases[] = {
        {"worker", "user:x", STATUS_OK},        {"worker", "request:x", STATUS_OK},
        {"worker", "token:x", STATUS_OK},       {"worker", "recipient:x", STATUS_OK},
        {"worker", "actor:x", STATUS_OK},       {"worker", "other:x", STATUS_DENIED},
        {"producer", "user:x", STATUS_OK},      {"producer", "request:x", STATUS_OK},
        {"producer", "token:x", STATUS_OK},     {"producer", "recipient:x", STATUS_DENIED},
        {"producer", "actor:x", STATUS_DENIED}, {"producer", "other:x", STATUS_DENIED},
    };
    static const char *const forbidden[] = {"KEYS *",          "FLUSHALL",      "CONFIG GET maxmemory",
                                            "SHUTDOWN NOSAVE", "EVAL return 0", "ACL LIST"};
    char url[256];
    redis_server_start(&scene->server, NULL);
    const char *const lines[] = {"worker", "producer"};
    char *text = read_source("deploy/redis.acl");
    for (size_t i = 0; i < 2; i++) {
        char start[32], *line, *words[64];
        const char *arguments[66] = {"ACL", "SETUSER"};
        int count = 2;
        snprintf(start, sizeof start, "\nuser %s ", lines[i]);
        line = strstr(text, start);
        assert_non_null(line);
        line += 6;
        char *copy = strndup(line, strcspn(line, "\n")), *rest = copy;
        while ((words[0] = strsep(&rest, " ")))
            arguments[count++] = words[0];
        redisReply *reply = redisCommandArgv(scene->server.control, count, arguments, NULL);
        assert_string_equal(reply->str, "OK");
        freeReplyObject(reply);
        free(copy);
    }
    free(text);
    for (size_t u = 0; u < 2; u++) {
        scene->readies = 0;
        snprintf(url, sizeof url, "unix://%s:replace-this-%s-password@%s/s", lines[u], lines[u],
                 scene->server.folder);
        connect_to(scene, url, 10000, 100);
        wait_int(scene, &scene->readies, 1, lines[u]);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            if (strcmp(cases[i].user, lines[u]) != 0)
                continue;
            const struct record_store_change change = {
                .key = text_of(cases[i].key), .action = RECORD_STORE_SET, .value = TEXT("v")};
            scene->answered = 0;
            assert_status(read_key(scene, cases[i].key), cases[i].status);
            assert_status(swap(scene, &change, 1, false), cases[i].status);
        }
        for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
            char *copy = strdup(forbidden[i]), *rest = copy, *word;
            struct text words[8];
            size_t count = 0;
            while ((word = strsep(&rest, " ")))
                words[count++] = text_of(word);
            scene->answered = 0;
            assert_ok(redis_command(scene->redis, words, count, on_plain, scene, NULL), NULL);
            wait_answers(scene, 1);
            assert_int_equal(scene->last.fault, REDIS_FAULT_PERMISSION);
            free(copy);
        }
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
}

static void an_answer_that_does_not_come_in_time_may_have_happened(void **state)
{
    struct scene *scene = *state;
    redis_server_start(&scene->server, NULL);
    connect_to(scene, scene->server.url, 300, 100);
    wait_int(scene, &scene->readies, 1, "ready");
    kill(scene->server.pid, SIGSTOP);
    const struct record_store_change change = set("late", NULL, "v", 0);
    ask_swap(scene, &change, 1, false);
    ask_read(scene, "late");
    wait_answers(scene, 2);
    assert_status(&scene->answers[0], STATUS_TIMEOUT);
    assert_status(&scene->answers[1], STATUS_TIMEOUT);
    assert_false(redis_is_ready(scene->redis));
    kill(scene->server.pid, SIGCONT);
    wait_int(scene, &scene->readies, 2, "ready again");
    assert_int_equal(redis_pending(scene->redis), 0);
    /* asked again, the swap finds what it wrote itself: Redis had read the command before the connection went
     */
    const struct answer *answer = swap(scene, &change, 1, false);
    assert_status(answer, STATUS_CONFLICT);
    assert_string_equal(answer->values[0], "v");
}

static void a_server_killed_over_a_question_leaves_it_open(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    kill(scene->server.pid, SIGSTOP);
    const struct record_store_change change = set("lost", NULL, "v", 0);
    ask_swap(scene, &change, 1, false);
    event_base_loop(scene->base, EVLOOP_NONBLOCK);
    redis_server_kill(&scene->server);
    wait_answers(scene, 1);
    assert_status(&scene->answers[0], STATUS_TIMEOUT);
    ask_read(scene, "lost");
    assert_status(&scene->answers[1], STATUS_UNAVAILABLE);
}

static void what_is_in_flight_is_answered_when_the_client_ends(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    ask_read(scene, "a");
    ask_read(scene, "b");
    assert_int_equal(scene->answered, 0);
    redis_free(&scene->redis);
    assert_int_equal(scene->answered, 2);
    assert_status(&scene->answers[1], STATUS_TIMEOUT);
}

static void too_many_commands_are_refused_before_they_are_sent(void **state)
{
    struct scene *scene = *state;
    struct error error;
    redis_server_start(&scene->server, NULL);
    connect_to(scene, scene->server.url, 10000, 3);
    wait_int(scene, &scene->readies, 1, "ready");
    for (int i = 0; i < 3; i++)
        assert_ok(redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, on_plain, scene, &error),
                  &error);
    assert_int_equal(redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, on_plain, scene, &error),
                     STATUS_FULL);
    wait_answers(scene, 3);
    /* a read that gets only one of its two commands through is answered once */
    scene->answered = 0;
    for (int i = 0; i < 2; i++)
        assert_ok(redis_command(scene->redis, (struct text[]){TEXT("TIME")}, 1, on_plain, scene, &error),
                  &error);
    ask_read(scene, "a");
    wait_answers(scene, 3);
    assert_status(&scene->answers[2], STATUS_UNAVAILABLE);
    scene->answered = 0;
    assert_status(read_key(scene, "a"), STATUS_OK);
}

static void a_replica_is_not_ready_and_a_demoted_primary_is_left(void **state)
{
    struct scene *scene = ready_scene(state, NULL);
    redis_server_do(&scene->server, "REPLICAOF 127.0.0.1 1");
    const struct record_store_change change = set("a", NULL, "v", 0);
    assert_status(swap(scene, &change, 1, false), STATUS_UNAVAILABLE);
    wait_int(scene, &scene->downs, 2, "down, and again as a replica");
    assert_int_equal(scene->fault, REDIS_FAULT_READONLY);
    redis_server_do(&scene->server, "REPLICAOF NO ONE");
    wait_int(scene, &scene->readies, 2, "ready again");
    assert_status(swap(scene, &change, 1, false), STATUS_OK);
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
    struct scene *scene = *state;
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
        connect_to(scene, url, 200, 10);
        wait_int(scene, &scene->downs, 1, cases[i].says);
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
    struct scene *scene = *state;
    connect_to(scene, "unix:///nonexistent/socket", 1000, 10);
    wait_int(scene, &scene->downs, 2, "two failed tries");
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
        connect_to(scene, cases[i].url, 1000, 10);
        wait_int(scene, &scene->downs, 1, cases[i].url);
        assert_int_equal(scene->fault, REDIS_FAULT_CONNECTION);
        if (!strstr(scene->reason, cases[i].said))
            fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].url, cases[i].said, scene->reason);
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
    connect_to(scene, UNKNOWN_HOST, 1000, 10); /* freed while the name is looked up */
    event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(a_ready_client_knows_redis_s_time_and_birth),
        SCENE(a_read_has_the_values_and_the_time),
        SCENE(a_swap_sets_deletes_keeps_and_counts),
        SCENE(a_swap_on_changed_records_writes_nothing_and_says_what_is_there),
        SCENE(of_many_swaps_of_one_record_one_wins),
        SCENE(swaps_go_on_when_redis_forgot_the_scripts),
        SCENE(a_full_redis_refuses_new_work_and_lets_old_work_end),
        SCENE(a_redis_that_evicts_is_not_ready_until_it_stops),
        SCENE(without_a_limit_of_memory_the_policy_does_not_matter),
        SCENE(only_the_right_password_is_let_in),
        SCENE(each_process_has_its_commands_and_keys_and_no_more),
        SCENE(an_answer_that_does_not_come_in_time_may_have_happened),
        SCENE(a_server_killed_over_a_question_leaves_it_open),
        SCENE(what_is_in_flight_is_answered_when_the_client_ends),
        SCENE(too_many_commands_are_refused_before_they_are_sent),
        SCENE(a_replica_is_not_ready_and_a_demoted_primary_is_left),
        SCENE(a_server_that_is_no_redis_is_named),
        SCENE(a_server_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
