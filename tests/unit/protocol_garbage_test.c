/* Garbage under the name of each kind of record: what decides, or opens, is never guessed at; what only
 * counts is begun anew, so that one such key stops nobody. */
#include "support.h"

#include <stdio.h>

#include "support/scene.h"

#define HANDED METHOD_TEMPORARY_PASSWORD_HANDED

static int set_up(void **state)
{
    static struct scene scene;
    scene_open(&scene, &scene_defaults);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_close(*state);
    return 0;
}

static char long_garbage[RECORD_STORE_VALUE_MOST + 1];

static const struct text garbage[] = {
    {"", 0},
    {"\t", 1},
    {"x", 1},
    {"\0", 1},
    {"1", 1},
    {"1\t", 2},
    {"-1", 2},
    {"1e9", 3},
    {"0x10", 4},
    {"007", 3},
    {"\xff\xfe", 2},
    {"2\tsomething newer", 17},
    {" 5", 2},
    {"5\n", 2},
    {"nil", 3},
    {"1\t\t\t", 4},
    {"99999999999999999999999999", 26},
    {long_garbage, sizeof long_garbage},
};

/* The key of the only record of a kind; what stands there becomes `value`. */
static bool garble(struct scene *scene, const char *kind, struct text value)
{
    struct memory_entry entry;
    size_t size = strlen(kind);
    for (size_t i = 0; memory_store_at(scene->memory, i, &entry); i++)
        if (entry.key.size >= size && memcmp(entry.key.bytes, kind, size) == 0) {
            char key[RECORD_STORE_KEY_MOST];
            memcpy(key, entry.key.bytes, entry.key.size);
            memory_store_put(scene->memory, (struct text){key, entry.key.size}, value, 0);
            return true;
        }
    return false;
}

static void begin_again(struct scene *scene)
{
    scene_close(scene);
    scene_open(scene, &scene_defaults);
    assert_int_equal(
        scene_begin(scene, (struct desk_begin){.request = 1, .owner = 1, .inc = 1, .by_admin = true}),
        VERDICT_LEASE);
}

static void what_only_counts_is_begun_anew_and_stops_nobody(void **state)
{
    static const char *const kinds[] = {"recipient:", "actor:", "born"};
    struct scene *scene = *state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
            bool number = kinds[kind][0] != 'r';
            if (number && garbage[i].size == 1 && garbage[i].bytes[0] == '1')
                continue; /* a number it is */
            begin_again(scene);
            if (!garble(scene, kinds[kind], garbage[i]))
                fail_msg("there is no record %s", kinds[kind]);
            scene_pass(scene, 2 * MINUTE_MS);
            enum verdict verdict =
                scene_begin(scene, (struct desk_begin){.request = 2, .owner = 2, .inc = 2, .by_admin = true});
            if (verdict != VERDICT_LEASE)
                fail_msg("garbage %zu in %s: %s", i, kinds[kind], verdict_name(verdict));
            scene_pass(scene, 2 * MINUTE_MS);
            if (scene_begin(scene,
                            (struct desk_begin){.request = 3, .owner = 3, .inc = 3, .by_admin = true}) !=
                VERDICT_LEASE)
                fail_msg("garbage %zu in %s was not put right", i, kinds[kind]);
        }
}

static void what_decides_is_never_guessed_at(void **state)
{
    static const char *const kinds[] = {"user:", "request:"};
    struct scene *scene = *state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
            begin_again(scene);
            struct desk_answer lease = scene->answer;
            assert_true(garble(scene, kinds[kind], garbage[i]));
            scene_pass(scene, 2 * MINUTE_MS);
            struct desk_begin again = {
                .request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms, .by_admin = true};
            desk_begin(&scene->desk, &again, &scene->answer);
            if (scene->answer.status != STATUS_INVALID)
                fail_msg("garbage %zu in %s was believed: %s", i, kinds[kind],
                         verdict_name(scene->answer.verdict));
            struct desk_answer check;
            desk_check(&scene->desk, lease.stored, &check);
            if (kind == 0)
                assert_int_equal(check.status, STATUS_INVALID);
            assert_int_equal(scene_count(scene, "token"), 1);
        }
}

static void a_link_s_record_that_is_garbage_opens_nothing(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        begin_again(scene);
        struct desk_answer lease = scene->answer, check;
        assert_true(garble(scene, "token:", garbage[i]));
        desk_check(&scene->desk, lease.stored, &check);
        assert_int_equal(check.status, STATUS_INVALID);
        assert_false(check.has_token);
    }
}

static void a_try_is_charged_whatever_stands_for_the_password(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        scene_close(scene);
        scene_open(scene, &scene_defaults);
        scene_begin_staged(scene, 1, 10, HANDED);
        assert_true(scene_password_counts(scene));
        scene_pass(scene, 20 * MINUTE_MS);
        assert_true(garble(scene, "password:", garbage[i]));
        desk_try(&scene->desk, NULL, &scene->answer);
        if (garbage[i].size > RECORD_STORE_VALUE_MOST) {
            assert_int_equal(scene->answer.status, STATUS_INVALID);
            continue;
        }
        assert_int_equal(scene->answer.status, STATUS_OK);
        assert_int_equal(scene->answer.verdict, VERDICT_OK);
        assert_true(scene->answer.password_unreadable);
        assert_false(scene->answer.has_password);
        assert_int_equal(scene_try(scene), VERDICT_BUSY);
    }
}

static void tries_that_cannot_be_read_lock_nobody_out(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        scene_close(scene);
        scene_open(scene, &scene_defaults);
        scene_begin_staged(scene, 1, 10, HANDED);
        assert_int_equal(scene_try(scene), VERDICT_OK);
        assert_true(garble(scene, "attempts:", garbage[i]));
        assert_int_equal(scene_try(scene), VERDICT_OK);
        assert_true(scene->answer.has_password);
        assert_false(scene->answer.password_unreadable);
        assert_int_equal(scene_try(scene), VERDICT_BUSY);
    }
}

static void a_staged_password_that_is_garbage_is_never_activated(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        scene_close(scene);
        scene_open(scene, &scene_defaults);
        assert_int_equal(scene_stage(scene, 1, 10, HANDED), VERDICT_OK);
        assert_true(garble(scene, "staged:", garbage[i]));
        struct desk_begin begin = scene_request(1, HANDED);
        begin.t0_ms = scene->t0_ms;
        desk_begin(&scene->desk, &begin, &scene->answer);
        assert_int_equal(scene->answer.status, STATUS_INVALID);
        assert_int_equal(scene_count(scene, "password"), 0);
    }
}

int main(void)
{
    memset(long_garbage, 'x', sizeof long_garbage);
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_only_counts_is_begun_anew_and_stops_nobody),
        TEST(what_decides_is_never_guessed_at),
        TEST(a_link_s_record_that_is_garbage_opens_nothing),
        TEST(a_try_is_charged_whatever_stands_for_the_password),
        TEST(tries_that_cannot_be_read_lock_nobody_out),
        TEST(a_staged_password_that_is_garbage_is_never_activated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
