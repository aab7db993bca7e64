/* A Redis that answers nonsense: each question is answered once, with a status; nothing crashes, and no more
 * is kept of what it says than a whole answer of ours could be. */
#include "support.h"

#include <stdio.h>

#include "support/redis_impostor.h"
#include "support/redis_scene.h"

#define TIME_OK "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"

/* hiredis 0.14 goes seven deep, newer ones as deep as they are told, and then the parts are too many. */
#define DEEP_STATUS (HIREDIS_MAJOR >= 1 ? STATUS_INVALID : STATUS_INTERNAL)

enum { TAKEN_MOST = 16 * 1024 * 1024 };

struct answer_case {
    const char *says;
    enum status status;
};

static void begin(struct redis_scene *scene, struct redis_impostor *impostor, int64_t timeout_ms)
{
    redis_impostor_start(impostor, scene->base);
    scene->readies = scene->downs = 0;
    scene->answered = 0;
    redis_scene_connect(scene, impostor->url, timeout_ms, 10);
    redis_scene_wait(scene, &scene->readies, 1, "the impostor to be believed");
}

static void end(struct redis_scene *scene, struct redis_impostor *impostor)
{
    redis_free(&scene->redis);
    redis_record_store_free(&scene->store);
    redis_impostor_stop(impostor);
}

static void ask_swap(struct redis_scene *scene)
{
    const struct record_store_change changes[] = {redis_scene_set("a", NULL, "1", 0),
                                                  redis_scene_set("b", NULL, "2", 0)};
    redis_scene_ask_swap(scene, changes, 2, false);
}

static void expect(struct redis_scene *scene, const struct answer_case *expected, const char *question)
{
    redis_scene_wait_answers(scene, 1);
    if (scene->answers[0].status != expected->status)
        fail_msg("%s answered with \"%.40s\": expected %s, got %s (%s); %s", question, expected->says,
                 status_name(expected->status), status_name(scene->answers[0].status),
                 scene->answers[0].error, scene->reason);
}

static void a_read_answered_with_nonsense_gives_no_values(void **state)
{
    static const struct answer_case cases[] = {
        {"*2\r\n$-1\r\n$-1\r\n", STATUS_OK},
        {"*2\r\n$0\r\n\r\n$3\r\na\0b\r\n", STATUS_TIMEOUT}, /* cut short by the NUL: half a reply */
        {":5\r\n", STATUS_INTERNAL},
        {"+OK\r\n", STATUS_INTERNAL},
        {"$-1\r\n", STATUS_INTERNAL},
        {"*-1\r\n", STATUS_INTERNAL},
        {"*0\r\n", STATUS_INTERNAL},
        {"*1\r\n$1\r\na\r\n", STATUS_INTERNAL},
        {"*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", STATUS_INTERNAL},
        {"*2\r\n:1\r\n:2\r\n", STATUS_INTERNAL},
        {"*2\r\n*0\r\n*0\r\n", STATUS_INTERNAL},
        {"*2\r\n+a\r\n-b\r\n", STATUS_INTERNAL},
        {"-\r\n", STATUS_INTERNAL},
        {"-ERR \r\n", STATUS_INTERNAL},
        {"$abc\r\n", STATUS_INTERNAL},
        {"$-2\r\n", STATUS_INTERNAL},
        {"$1\r\nab\r\n", STATUS_INTERNAL},
        {":99999999999999999999999\r\n", STATUS_INTERNAL},
        {"*99999999999999999999999\r\n", STATUS_INTERNAL},
        {"%1\r\n+a\r\n+b\r\n", STATUS_INTERNAL},
        {"\xff\xfe", STATUS_INTERNAL},
        {"HTTP/1.1 200 OK\r\n\r\n", STATUS_INTERNAL},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", STATUS_INTERNAL},
        {"*2147483647\r\n", STATUS_INVALID},
        {"*600\r\n", STATUS_INVALID},
        {"*500\r\n*500\r\n", STATUS_TIMEOUT}, /* half a reply */
        {"*2\r\n$3\r\nab", STATUS_TIMEOUT},
        {"*2\r\n", STATUS_TIMEOUT},
        {"", STATUS_TIMEOUT},
        {"$9223372036854775807\r\n", STATUS_TIMEOUT},
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_impostor impostor = {.mget = cases[i].says};
        begin(scene, &impostor, 300);
        redis_scene_ask_read(scene, "user:a");
        expect(scene, &cases[i], "a read");
        end(scene, &impostor);
    }
}

static void a_time_that_is_none_gives_no_values(void **state)
{
    static const char *const times[] = {
        "*2\r\n$19\r\n9223372036854775807\r\n$1\r\n0\r\n",
        "*2\r\n$10\r\n-170000000\r\n$1\r\n0\r\n",
        "*2\r\n$1\r\n0\r\n$1\r\n0\r\n",
        "*2\r\n$12\r\n253402300800\r\n$1\r\n0\r\n",
        "*2\r\n$10\r\n1700000000\r\n$20\r\n99999999999999999999\r\n",
        "*2\r\n$4\r\nsoon\r\n$1\r\n0\r\n",
        "*1\r\n$10\r\n1700000000\r\n",
        "+now\r\n",
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const struct answer_case expected = {times[i], STATUS_INTERNAL};
        struct redis_impostor impostor = {.time = NULL};
        begin(scene, &impostor, 300);
        impostor.time = times[i];
        redis_scene_ask_read(scene, "user:a");
        expect(scene, &expected, "TIME");
        assert_true(redis_now_ms(scene->redis) < INT64_C(1800000000000));
        end(scene, &impostor);
    }
}

static void a_swap_answered_with_nonsense_is_not_taken_for_done(void **state)
{
    static const struct answer_case cases[] = {
        {":1\r\n", STATUS_OK},
        {":0\r\n", STATUS_INTERNAL},
        {":2\r\n", STATUS_INTERNAL},
        {"+OK\r\n", STATUS_INTERNAL},
        {"$1\r\n1\r\n", STATUS_INTERNAL},
        {"$-1\r\n", STATUS_INTERNAL},
        {"*1\r\n:1\r\n", STATUS_INTERNAL},
        {"*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n", STATUS_INTERNAL},
        {"*3\r\n$10\r\n1700000000\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n", STATUS_INTERNAL},
        {"*3\r\n$10\r\n1700000000\r\n$1\r\n0\r\n$1\r\na\r\n", STATUS_INTERNAL},
        {"*3\r\n$19\r\n9223372036854775807\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", STATUS_INTERNAL},
        {"*3\r\n$10\r\n1700000000\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$-1\r\n", STATUS_CONFLICT},
        {"*3\r\n$10\r\n1700000000\r\n$1\r\n0\r\n*600\r\n", STATUS_INVALID},
        {"-ERR Error compiling script\r\n", STATUS_INTERNAL},
        {"-NOSCRIPT No matching script.\r\n", STATUS_UNAVAILABLE},
        {"", STATUS_TIMEOUT},
        {":", STATUS_TIMEOUT},
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_impostor impostor = {.evalsha = cases[i].says};
        begin(scene, &impostor, 300);
        ask_swap(scene);
        expect(scene, &cases[i], "a swap");
        end(scene, &impostor);
    }
}

static void what_nobody_asked_for_ends_the_connection_and_not_the_process(void **state)
{
    static const struct {
        const char *with_the_answer, *afterwards;
    } cases[] = {
        {"*2\r\n$-1\r\n$-1\r\n+surprise\r\n", NULL},
        {"*2\r\n$-1\r\n$-1\r\n*2\r\n$-1\r\n$-1\r\n", NULL},
        {"*2\r\n$-1\r\n$-1\r\n-ERR surprise\r\n", NULL},
        {"*2\r\n$-1\r\n$-1\r\n", ":1\r\n"},
        {"*2\r\n$-1\r\n$-1\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"},
        {"*2\r\n$-1\r\n$-1\r\n", ">2\r\n$10\r\ninvalidate\r\n*0\r\n"},
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_impostor impostor = {.mget = cases[i].with_the_answer};
        begin(scene, &impostor, 10000);
        redis_scene_ask_read(scene, "user:a");
        redis_scene_wait_answers(scene, 1);
        assert_answer(&scene->answers[0], STATUS_OK);
        if (cases[i].afterwards)
            redis_impostor_say(&impostor, cases[i].afterwards);
        redis_scene_wait(scene, &scene->downs, 1, "the connection to be given up");
        assert_int_equal(scene->fault, REDIS_FAULT_PROTOCOL);
        redis_scene_wait(scene, &scene->readies, 2, "another connection");
        end(scene, &impostor);
    }
}

static void an_endless_answer_is_given_up_before_memory_is(void **state)
{
    static const struct {
        const char *head, *flood;
        enum status status;
    } cases[] = {
        {"$9223372036854775807\r\n", "0123456789012345678901234567890123456789", STATUS_INVALID},
        {"$536870912\r\n", "0123456789012345678901234567890123456789", STATUS_INVALID},
        {"+", "0123456789012345678901234567890123456789", STATUS_INVALID},
        {"*2\r\n$500000\r\n", "0123456789012345678901234567890123456789", STATUS_INTERNAL},
        {"*500\r\n", ":1\r\n*500\r\n:1\r\n:1\r\n", DEEP_STATUS},   /* deeper and deeper */
        {"*500\r\n", "*3\r\n:1\r\n$-1\r\n+a\r\n", STATUS_INVALID}, /* of too many parts */
    };
    struct redis_scene *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_impostor impostor = {.mget = cases[i].head, .flood = cases[i].flood};
        const struct answer_case expected = {cases[i].head, cases[i].status};
        begin(scene, &impostor, 10000);
        redis_scene_ask_read(scene, "user:a");
        expect(scene, &expected, "a read");
        redis_scene_wait(scene, &scene->downs, 1, "the connection to be given up");
        assert_int_equal(scene->fault, REDIS_FAULT_PROTOCOL);
        if (impostor.said > TAKEN_MOST)
            fail_msg("\"%.20s\" was followed for %zu bytes", cases[i].head, impostor.said);
        end(scene, &impostor);
    }
}

static void a_record_too_large_to_be_ours_fails_its_own_question_only(void **state)
{
    struct redis_scene *scene = redis_scene_ready(state, NULL);
    redis_server_do(&scene->server, "SETRANGE pwreset:user:huge 3000000 x");
    redis_scene_ask_read(scene, "user:huge");
    redis_scene_ask_read(scene, "user:a");
    redis_scene_wait_answers(scene, 2);
    assert_answer(&scene->answers[0], STATUS_INVALID);
    assert_true(scene->answers[1].status == STATUS_TIMEOUT ||
                scene->answers[1].status == STATUS_UNAVAILABLE ||
                scene->answers[1].status == STATUS_INTERNAL);
    redis_scene_wait(scene, &scene->readies, 2, "another connection");
    assert_answer(redis_scene_read(scene, "user:a"), STATUS_OK);
    const struct record_store_change change = redis_scene_set("user:huge", "x", "y", 0);
    assert_answer(redis_scene_swap(scene, &change, 1, false), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_read_answered_with_nonsense_gives_no_values),
        SCENE(a_time_that_is_none_gives_no_values),
        SCENE(a_swap_answered_with_nonsense_is_not_taken_for_done),
        SCENE(what_nobody_asked_for_ends_the_connection_and_not_the_process),
        SCENE(an_endless_answer_is_given_up_before_memory_is),
        SCENE(a_record_too_large_to_be_ours_fails_its_own_question_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
