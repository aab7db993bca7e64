/* A temporary password is tried and opened: what a try costs, and what still counts when it was weighed. */
#include "support.h"

#include <stdio.h>

#include "support/scene.h"

#define MAILED METHOD_TEMPORARY_PASSWORD_MAILED
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

static void each_try_costs_twice_the_delay_up_to_a_minute_and_success_forgets(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    static const int64_t delays[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(scene_try(scene), VERDICT_OK);
        assert_int_equal(scene_try(scene), VERDICT_BUSY);
        assert_true(scene->answer.rest_ms == delays[i] * SECOND_MS);
        scene_pass(scene, delays[i] * SECOND_MS - 1);
        assert_int_equal(scene_try(scene), VERDICT_BUSY);
        assert_true(scene->answer.rest_ms == 1);
        scene_pass(scene, 1);
    }
    assert_int_equal(scene_try(scene), VERDICT_OK);
    assert_int_equal(scene_open_password(scene, &scene->answer), VERDICT_OK);
    assert_int_equal(scene_count(scene, "attempts"), 0);
    assert_int_equal(scene_try(scene), VERDICT_OK);
    assert_int_equal(scene_try(scene), VERDICT_BUSY);
    assert_true(scene->answer.rest_ms == SECOND_MS);
    scene_pass(scene, 16 * MINUTE_MS);
    assert_int_equal(scene_count(scene, "attempts"), 0);
}

static void a_clock_that_was_set_back_locks_nobody_out(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_try(scene), VERDICT_OK);
    scene_pass(scene, -HOUR_MS);
    assert_int_equal(scene_try(scene), VERDICT_OK);
    assert_int_equal(scene_try(scene), VERDICT_BUSY);
}

static void an_unknown_user_is_charged_like_a_known_one(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    size_t reads[2], swaps[2];
    static const char *const users[] = {"u1", "nobody"};
    for (size_t i = 0; i < 2; i++) {
        reads[i] = memory_store_reads(scene->memory);
        swaps[i] = memory_store_swaps(scene->memory);
        desk_try(&scene->desk, users[i], &scene->answer);
        assert_int_equal(scene->answer.verdict, VERDICT_OK);
        assert_int_equal(scene->answer.has_password, i == 0);
        reads[i] = memory_store_reads(scene->memory) - reads[i];
        swaps[i] = memory_store_swaps(scene->memory) - swaps[i];
        desk_try(&scene->desk, users[i], &scene->answer);
        assert_int_equal(scene->answer.verdict, VERDICT_BUSY);
        assert_true(scene->answer.rest_ms == SECOND_MS);
    }
    assert_int_equal(reads[0], reads[1]);
    assert_int_equal(swaps[0], swaps[1]);
}

static void the_first_success_opens_fifteen_minutes_and_later_ones_do_not_add_to_them(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    scene_pass(scene, 23 * HOUR_MS + 55 * MINUTE_MS);
    assert_true(scene_password_counts(scene));
    assert_int_equal(scene_open_password(scene, &scene->answer), VERDICT_OK);
    int64_t opened_ms = memory_store_time(scene->memory);
    assert_true(scene->answer.password.opened);
    assert_true(scene->answer.password.expires_ms == opened_ms + 15 * MINUTE_MS);
    assert_true(scene->answer.redeemed_ms == opened_ms);
    assert_int_equal(scene->answer.state, REQUEST_LEASED); /* the notice still goes out */
    scene_pass(scene, 14 * MINUTE_MS);
    assert_true(scene_password_counts(scene));
    assert_int_equal(scene_open_password(scene, &scene->answer), VERDICT_OK);
    assert_true(scene->answer.password.expires_ms == opened_ms + 15 * MINUTE_MS);
    assert_true(scene->answer.redeemed_ms == opened_ms);
    scene_pass(scene, MINUTE_MS);
    assert_false(scene_password_counts(scene));
    assert_int_equal(scene_count(scene, "password"), 0);
}

static void a_mailed_password_that_comes_back_ends_its_request_as_sent(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, MAILED));
    struct desk_answer lease = scene->answer;
    assert_true(scene_password_counts(scene));
    assert_int_equal(scene_open_password(scene, &scene->answer), VERDICT_OK);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
    assert_int_equal(scene->answer.reason, REASON_REDEEMED);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT}), VERDICT_DONE);
    assert_true(scene_password_counts(scene));
}

/* Between the try and the answer of Argon2id everything may happen. */
static void a_password_that_ended_while_it_was_weighed_is_not_opened(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    assert_true(scene_password_counts(scene));
    struct desk_answer tried = scene->answer;
    scene_begin_staged(scene, 2, 11, HANDED);
    assert_int_equal(scene_open_password(scene, &tried), VERDICT_NONE);
    assert_true(scene_password_counts(scene));
    tried = scene->answer;
    desk_revoke(&scene->desk, &scene->answer);
    assert_int_equal(scene_open_password(scene, &tried), VERDICT_NONE);
    assert_int_equal(scene_count(scene, "password"), 0);
}

static void a_password_made_before_not_before_counts_for_nothing(void **state)
{
    struct scene *scene = *state;
    static const enum method methods[] = {MAILED, HANDED};
    for (unsigned i = 0; i < 2; i++) {
        unsigned number = 1 + 10 * i;
        scene_pass(scene, HOUR_MS);
        scene_stage(scene, number, 10, HANDED);
        scene_begin(scene, scene_request(number, methods[i]));
        assert_true(scene_password_counts(scene));
        struct desk_answer tried = scene->answer;
        scene_stage(scene, number + 1, 11, HANDED);
        scene_pass(scene, 1);
        reset_store_set_not_before(scene->desk.store, memory_store_time(scene->memory));
        assert_false(scene_password_counts(scene));
        assert_int_equal(scene_open_password(scene, &tried), VERDICT_NONE);
        scene_begin(scene, scene_request(number + 1, HANDED));
        assert_int_equal(scene->answer.reason, REASON_PASSWORD_LAPSED);
        scene_begin(scene, scene_request(number + 2, MAILED));
        assert_true(scene_password_counts(scene));
    }
}

/* Whoever can write the store makes the user's record name another request. */
static void name_in_user_record(struct scene *scene, const char *slot, unsigned number)
{
    char key[64], id[DESK_ID_SIZE], held[RECORD_STORE_VALUE_MOST], bytes[RECORD_STORE_VALUE_MOST];
    struct user_record record;
    size_t size;
    snprintf(key, sizeof key, "user:%s", slot);
    struct text line = memory_store_get(scene->memory, text_of(key));
    memcpy(held, line.bytes, line.size);
    assert_int_equal(user_record_parse((struct text){held, line.size}, &record), STATUS_OK);
    record.newest[LANE_PASSWORD].request_id = desk_id(number, id);
    assert_int_equal(user_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    memory_store_put(scene->memory, text_of(key), (struct text){bytes, size}, 0);
}

static void another_users_record_does_not_open_this_account(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    struct memory_entry entry;
    char slot[TOKEN_SLOT_LENGTH + 1], key[64];
    size_t at = 0;
    while (memory_store_at(scene->memory, at, &entry) &&
           (entry.key.size < 9 || memcmp(entry.key.bytes, "password:", 9) != 0))
        at++;
    char line[RECORD_STORE_VALUE_MOST];
    struct text value = {line, entry.value.size};
    memcpy(line, entry.value.bytes, entry.value.size);
    struct desk_begin other = scene_request(2, MAILED);
    other.user = "u2";
    other.email = "u2@example.org";
    scene_begin(scene, other);
    token_slot(TEXT("acme"), TEXT("u2"), slot);
    snprintf(key, sizeof key, "password:%s", slot);
    memory_store_put(scene->memory, text_of(key), value, 0);
    name_in_user_record(scene, slot, 1);
    desk_try(&scene->desk, "u2", &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    assert_false(scene->answer.has_password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(each_try_costs_twice_the_delay_up_to_a_minute_and_success_forgets),
        TEST(a_clock_that_was_set_back_locks_nobody_out),
        TEST(an_unknown_user_is_charged_like_a_known_one),
        TEST(the_first_success_opens_fifteen_minutes_and_later_ones_do_not_add_to_them),
        TEST(a_mailed_password_that_comes_back_ends_its_request_as_sent),
        TEST(a_password_that_ended_while_it_was_weighed_is_not_opened),
        TEST(a_password_made_before_not_before_counts_for_nothing),
        TEST(another_users_record_does_not_open_this_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
