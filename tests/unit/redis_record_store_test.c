/* The record store against a real redis-server: what a read and a swap promise, also when Redis forgets,
 * fills up, forbids or falls silent. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"
#include "support/redis_scene.h"

static void a_read_has_the_values_and_the_time(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_server_do(&scene->server, "SET pwreset:user:a %s", "1\tx y");
    const struct redis_scene_answer *answer = redis_scene_read(scene, "user:a");
    assert_answer(answer, STATUS_OK);
    assert_int_equal(answer->count, 2);
    assert_string_equal(answer->values[0], "1\tx y");
    assert_string_equal(answer->values[1], "(none)");
    assert_true(answer->now_ms > INT64_C(1600000000000));
}

static long looks_at_the_clock(struct redis_scene *scene)
{
    redisReply *reply = redis_server_ask(&scene->server, "INFO commandstats");
    const char *calls = strstr(reply->str, "cmdstat_time:calls=");
    long count = calls ? strtol(calls + sizeof "cmdstat_time:calls=" - 1, NULL, 10) : 0;
    freeReplyObject(reply);
    return count;
}

static void reads_asked_for_together_share_one_look_at_the_clock(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    long before = looks_at_the_clock(scene);
    for (int i = 0; i < 10; i++)
        redis_scene_ask_read(scene, "user:a");
    redis_scene_wait_answers(scene, 10);
    for (int i = 0; i < 10; i++)
        assert_true(scene->answers[i].now_ms > INT64_C(1600000000000));
    long shared = looks_at_the_clock(scene) - before;
    assert_in_range(shared, 1, 9); /* more than one only where this test stood still for 10 ms */
    redis_scene_read(scene, "user:a");
    assert_int_equal(looks_at_the_clock(scene) - before, shared + 1);
}

/* A lease would count from it, and its worker's from later. */
static void a_look_at_the_clock_that_waits_long_is_not_shared(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    long before = looks_at_the_clock(scene);
    kill(scene->server.pid, SIGSTOP);
    redis_scene_ask_read(scene, "user:a");
    for (int64_t since = clock_boottime_ms(); clock_boottime_ms() - since < 20;)
        event_base_loop(scene->base, EVLOOP_NONBLOCK);
    redis_scene_ask_read(scene, "user:a");
    kill(scene->server.pid, SIGCONT);
    redis_scene_wait_answers(scene, 2);
    assert_answer(&scene->answers[1], STATUS_OK);
    assert_int_equal(looks_at_the_clock(scene) - before, 2);
}

static void a_swap_sets_deletes_keeps_and_counts(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    redis_server_do(&scene->server, "MSET pwreset:old 1 pwreset:kept k");
    const struct record_store_change changes[] = {
        redis_scene_set("new", NULL, "v1", end),
        {.key = TEXT("old"), .compared = true, .expected = TEXT("1"), .action = RECORD_STORE_DELETE},
        {.key = TEXT("kept"), .compared = true, .expected = TEXT("k"), .action = RECORD_STORE_KEEP},
        {.key = TEXT("counter"), .action = RECORD_STORE_COUNT, .expires_at_ms = end},
        {.key = TEXT("for-ever"), .action = RECORD_STORE_SET, .value = TEXT("")},
        {.key = TEXT("absent"), .action = RECORD_STORE_DELETE},
    };
    assert_answer(redis_scene_swap(scene, changes, 6, false), STATUS_OK);
    redis_scene_assert_held(scene, "new", "v1");
    redis_scene_assert_held(scene, "old", "(none)");
    redis_scene_assert_held(scene, "kept", "k");
    redis_scene_assert_held(scene, "counter", "1");
    redis_scene_assert_held(scene, "for-ever", "");
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
    assert_answer(redis_scene_swap(scene, &again, 1, true), STATUS_OK);
    redis_scene_assert_held(scene, "counter", "2");
    redisReply *reply = redis_server_ask(&scene->server, "PEXPIRETIME pwreset:counter");
    assert_int_equal(reply->integer, end);
    freeReplyObject(reply);
}

static void a_counter_is_counted_up_to_its_bound_and_no_further(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    const struct record_store_change changes[] = {
        redis_scene_set("written", NULL, "v", 0),
        {.key = TEXT("counter"), .action = RECORD_STORE_COUNT, .below = 10},
    };
    for (int i = 0; i < 10; i++) {
        assert_answer(redis_scene_swap(scene, changes, 2, i % 2), STATUS_OK);
        redis_server_do(&scene->server, "DEL pwreset:written");
    }
    const struct redis_scene_answer *answer = redis_scene_swap(scene, changes, 2, false);
    assert_answer(answer, STATUS_CONFLICT);
    assert_string_equal(answer->values[0], "(none)");
    assert_string_equal(answer->values[1], "10");
    redis_scene_assert_held(scene, "written", "(none)");
    redis_scene_assert_held(scene, "counter", "10");
}

static void a_swap_on_changed_records_writes_nothing_and_says_what_is_there(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_server_do(&scene->server, "MSET pwreset:a 1 pwreset:b 2");
    static const struct {
        const char *a, *b; /* as expected */
    } cases[] = {{"1", NULL}, {"1", "3"}, {NULL, "2"}, {"", "2"}, {"11", "2"}, {NULL, NULL}};
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        int64_t expires = i % 2 ? end : 0;
        const struct record_store_change changes[] = {redis_scene_set("a", cases[i / 2].a, "x", expires),
                                                      redis_scene_set("b", cases[i / 2].b, "y", expires),
                                                      redis_scene_set("c", NULL, "z", expires)};
        const struct redis_scene_answer *answer = redis_scene_swap(scene, changes, 3, i % 2);
        assert_answer(answer, STATUS_CONFLICT);
        assert_int_equal(answer->count, 3);
        assert_string_equal(answer->values[0], "1");
        assert_string_equal(answer->values[1], "2");
        assert_string_equal(answer->values[2], "(none)");
        assert_true(answer->now_ms > INT64_C(1600000000000));
        redis_scene_assert_held(scene, "a", "1");
        redis_scene_assert_held(scene, "c", "(none)");
    }
}

static void hold(struct redis_scene *scene, const char *key, const char *value)
{
    redis_server_do(&scene->server, "DEL pwreset:%s", key);
    if (value)
        redis_server_do(&scene->server, "SET pwreset:%s %s", key, value);
}

/* What a mail's finish asks for. */
static void one_record_is_swapped_only_as_it_was_read(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    static const struct {
        const char *before, *expected;
        enum status status;
    } cases[] = {{"old", "old", STATUS_OK},        {"other", "old", STATUS_CONFLICT},
                 {"olds", "old", STATUS_CONFLICT}, {NULL, "old", STATUS_CONFLICT},
                 {"old", NULL, STATUS_CONFLICT},   {NULL, NULL, STATUS_OK},
                 {"old", "", STATUS_CONFLICT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hold(scene, "a", cases[i].before);
        const struct record_store_change change = redis_scene_set("a", cases[i].expected, "new", end);
        const struct redis_scene_answer *answer = redis_scene_swap(scene, &change, 1, i % 2);
        const char *before = cases[i].before ? cases[i].before : "(none)";
        assert_answer(answer, cases[i].status);
        redis_scene_assert_held(scene, "a", cases[i].status == STATUS_OK ? "new" : before);
        if (cases[i].status == STATUS_CONFLICT)
            assert_string_equal(answer->values[0], before);
    }
}

/* Somebody else's, under our prefix. */
static void what_is_no_string_is_no_record(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    redis_server_do(&scene->server, "HSET pwreset:a field value");
    const struct record_store_change changed = redis_scene_set("a", "old", "new", end);
    const struct redis_scene_answer *answer = redis_scene_swap(scene, &changed, 1, true);
    assert_answer(answer, STATUS_CONFLICT);
    assert_string_equal(answer->values[0], "(none)");
    const struct record_store_change fresh = redis_scene_set("a", NULL, "new", end);
    assert_answer(redis_scene_swap(scene, &fresh, 1, false), STATUS_OK);
    redis_scene_assert_held(scene, "a", "new");
}

static void assert_expiry(struct redis_scene *scene, const char *key, int64_t expires)
{
    redisReply *reply = redis_server_ask(&scene->server, "PEXPIRETIME pwreset:%s", key);
    assert_int_equal(reply->integer, expires);
    freeReplyObject(reply);
}

/* What a mail's begin asks for; the second record is written whatever is there. */
static void records_that_are_to_be_new_are_written_until_they_expire(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    static const struct {
        const char *first, *second;
        enum status status;
    } cases[] = {{NULL, NULL, STATUS_OK},
                 {NULL, "old", STATUS_OK},
                 {"old", NULL, STATUS_CONFLICT},
                 {"old", "old", STATUS_CONFLICT}};
    struct record_store_change changes[] = {redis_scene_set("first", NULL, "new", end),
                                            redis_scene_set("second", NULL, "blind", end + 1)};
    changes[1].compared = false;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool done = cases[i].status == STATUS_OK;
        hold(scene, "first", cases[i].first);
        hold(scene, "second", cases[i].second);
        assert_answer(redis_scene_swap(scene, changes, 2, i % 2), cases[i].status);
        redis_scene_assert_held(scene, "first", done ? "new" : "old");
        redis_scene_assert_held(scene, "second",
                                done ? "blind" : (cases[i].second ? cases[i].second : "(none)"));
        if (!done)
            continue;
        assert_expiry(scene, "first", end);
        assert_expiry(scene, "second", end + 1);
    }
}

static void of_many_swaps_of_one_record_one_wins(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    int64_t end = redis_now_ms(scene->redis) + 3600000;
    size_t won = 0;
    for (int i = 0; i < 50; i++) {
        char value[8];
        snprintf(value, sizeof value, "v%d", i);
        const struct record_store_change change = redis_scene_set("claim", NULL, value, i % 4 < 2 ? 0 : end);
        redis_scene_ask_swap(scene, &change, 1, i % 2);
    }
    redis_scene_wait_answers(scene, 50);
    for (int i = 0; i < 50; i++) {
        won += scene->answers[i].status == STATUS_OK;
        if (scene->answers[i].status != STATUS_OK)
            assert_string_equal(scene->answers[i].values[0], "v0");
    }
    assert_int_equal(won, 1);
}

static void swaps_go_on_when_redis_forgot_the_scripts(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    for (int round = 0; round < 2; round++) {
        redis_server_do(&scene->server, "SCRIPT FLUSH");
        size_t before = scene->answered;
        for (int i = 0; i < 10; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%d-%d", round, i);
            const struct record_store_change change = redis_scene_set(key, NULL, "v", 0);
            redis_scene_ask_swap(scene, &change, 1, i % 2);
        }
        redis_scene_wait_answers(scene, before + 10);
        for (size_t i = before; i < before + 10; i++)
            assert_answer(&scene->answers[i], STATUS_OK);
    }
    assert_int_equal(scene->readies, 1);
}

static void a_full_redis_refuses_new_work_and_lets_old_work_end(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_server_do(&scene->server, "CONFIG SET maxmemory 100000");
    const struct record_store_change change = redis_scene_set("full", NULL, "v", 0);
    const struct redis_scene_answer *refused = redis_scene_swap(scene, &change, 1, false);
    assert_answer(refused, STATUS_FULL);
    assert_non_null(strstr(refused->error, "maxmemory"));
    redis_scene_assert_held(scene, "full", "(none)");
    assert_answer(redis_scene_swap(scene, &change, 1, true), STATUS_OK);
    redis_scene_assert_held(scene, "full", "v");
    assert_answer(redis_scene_read(scene, "full"), STATUS_OK);

    /* and it still greets */
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    redis_scene_wait(scene, &scene->readies, 2, "ready on a full Redis");
    redis_server_do(&scene->server, "DEL pwreset:born");
    redis_server_do(&scene->server, "CLIENT KILL TYPE normal SKIPME yes");
    redis_scene_wait(scene, &scene->readies, 3, "ready on a full Redis without its birth");
    assert_true(redis_born_ms(scene->redis) > INT64_C(1600000000000));
}

/* deploy/redis.acl as it stands, and an administrator for the test itself. */
static void write_acl(char *path)
{
    FILE *from = fopen(SOURCE_DIRECTORY "/deploy/redis.acl", "r");
    FILE *to = fdopen(mkstemp(path), "w");
    int byte;
    assert_non_null(from);
    assert_non_null(to);
    while ((byte = fgetc(from)) != EOF)
        fputc(byte, to);
    fputs("user admin on nopass ~* +@all\n", to);
    fclose(from);
    fclose(to);
}

static void each_process_has_its_commands_and_keys_and_no_more(void **state)
{
    struct redis_scene *scene = *state;
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
    static const char *const users[] = {"worker", "producer"};
    const int64_t end = INT64_C(4102444800000); /* in 2100 */
    char url[256], path[] = "/tmp/reset-acl-XXXXXX";
    write_acl(path);
    snprintf(scene->server.user, sizeof scene->server.user, "admin");
    snprintf(scene->server.password, sizeof scene->server.password, "any");
    redis_server_start(&scene->server, (const char *const[]){"--aclfile", path, NULL});
    unlink(path);
    for (size_t u = 0; u < 2; u++) {
        scene->readies = 0;
        snprintf(url, sizeof url, "unix://%s:replace-this-%s-password@%s/s", users[u], users[u],
                 scene->server.folder);
        redis_scene_connect(scene, url, 10000, 100);
        redis_scene_wait(scene, &scene->readies, 1, users[u]);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            if (strcmp(cases[i].user, users[u]) != 0)
                continue;
            const struct record_store_change change = {
                .key = text_of(cases[i].key),
                .action = RECORD_STORE_SET,
                .value = TEXT("v"),
                .expires_at_ms = end,
            };
            scene->answered = 0;
            assert_answer(redis_scene_read(scene, cases[i].key), cases[i].status);
            assert_answer(redis_scene_swap(scene, &change, 1, false), cases[i].status);
        }
        for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
            char *copy = strdup(forbidden[i]), *rest = copy, *word;
            struct text words[8];
            size_t count = 0;
            while ((word = strsep(&rest, " ")))
                words[count++] = text_of(word);
            scene->answered = 0;
            assert_ok(redis_command(scene->redis, words, count, redis_scene_on_plain, scene, NULL), NULL);
            redis_scene_wait_answers(scene, 1);
            assert_int_equal(scene->last.fault, REDIS_FAULT_PERMISSION);
            free(copy);
        }
        redis_free(&scene->redis);
        redis_record_store_free(&scene->store);
    }
}

static void an_answer_that_does_not_come_in_time_may_have_happened(void **state)
{
    struct redis_scene *scene = *state;
    redis_server_start(&scene->server, NULL);
    redis_scene_connect(scene, scene->server.url, 300, 100);
    redis_scene_wait(scene, &scene->readies, 1, "ready");
    kill(scene->server.pid, SIGSTOP);
    const struct record_store_change change = redis_scene_set("late", NULL, "v", 0);
    redis_scene_ask_swap(scene, &change, 1, false);
    redis_scene_ask_read(scene, "late");
    redis_scene_wait_answers(scene, 2);
    assert_answer(&scene->answers[0], STATUS_TIMEOUT);
    assert_answer(&scene->answers[1], STATUS_TIMEOUT);
    assert_false(redis_is_ready(scene->redis));
    kill(scene->server.pid, SIGCONT);
    redis_scene_wait(scene, &scene->readies, 2, "ready again");
    assert_int_equal(redis_pending(scene->redis), 0);
    /* asked again, the swap finds what it wrote itself: Redis had read the command before the connection went
     */
    const struct redis_scene_answer *answer = redis_scene_swap(scene, &change, 1, false);
    assert_answer(answer, STATUS_CONFLICT);
    assert_string_equal(answer->values[0], "v");
}

static void a_server_killed_over_a_question_leaves_it_open(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    kill(scene->server.pid, SIGSTOP);
    const struct record_store_change change = redis_scene_set("lost", NULL, "v", 0);
    redis_scene_ask_swap(scene, &change, 1, false);
    event_base_loop(scene->base, EVLOOP_NONBLOCK);
    redis_server_kill(&scene->server);
    redis_scene_wait_answers(scene, 1);
    assert_answer(&scene->answers[0], STATUS_TIMEOUT);
    redis_scene_ask_read(scene, "lost");
    assert_answer(&scene->answers[1], STATUS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_read_has_the_values_and_the_time),
        SCENE(reads_asked_for_together_share_one_look_at_the_clock),
        SCENE(a_look_at_the_clock_that_waits_long_is_not_shared),
        SCENE(a_swap_sets_deletes_keeps_and_counts),
        SCENE(a_counter_is_counted_up_to_its_bound_and_no_further),
        SCENE(a_swap_on_changed_records_writes_nothing_and_says_what_is_there),
        SCENE(one_record_is_swapped_only_as_it_was_read),
        SCENE(what_is_no_string_is_no_record),
        SCENE(records_that_are_to_be_new_are_written_until_they_expire),
        SCENE(of_many_swaps_of_one_record_one_wins),
        SCENE(swaps_go_on_when_redis_forgot_the_scripts),
        SCENE(a_full_redis_refuses_new_work_and_lets_old_work_end),
        SCENE(each_process_has_its_commands_and_keys_and_no_more),
        SCENE(an_answer_that_does_not_come_in_time_may_have_happened),
        SCENE(a_server_killed_over_a_question_leaves_it_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
