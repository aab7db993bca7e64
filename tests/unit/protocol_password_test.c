/* A temporary password from where it is shown, or mailed, to where it counts; and what ends it. */
#include "support.h"

#include "support/scene.h"

#define MAILED METHOD_TEMPORARY_PASSWORD_MAILED
#define HANDED METHOD_TEMPORARY_PASSWORD_HANDED
#define CHOSEN METHOD_TEMPORARY_PASSWORD_CHOSEN

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

static void a_staged_password_counts_once_its_request_was_begun(void **state)
{
    struct scene *scene = *state;
    static const enum method methods[] = {HANDED, CHOSEN};
    for (unsigned i = 0; i < 2; i++) {
        scene_stage(scene, 1 + i, 10 + i, methods[i]);
        assert_int_equal(scene_count(scene, "staged"), 1);
        if (i == 0)
            assert_false(scene_password_counts(scene));
        assert_int_equal(scene_begin(scene, scene_request(1 + i, methods[i])), VERDICT_LEASE);
        assert_false(scene->answer.has_seed);
        assert_true(scene->answer.expires_ms == memory_store_time(scene->memory) + 24 * HOUR_MS);
        assert_int_equal(scene_count(scene, "staged"), 0);
        assert_int_equal(scene_count(scene, "password"), 1);
        assert_true(scene_password_counts(scene));
        assert_true(desk_is_version(scene->answer.password.verifier, 10 + i));
        assert_int_equal(scene->answer.password.method, methods[i]);
    }
}

static void the_last_staged_password_is_the_one_that_counts(void **state)
{
    struct scene *scene = *state;
    scene_stage(scene, 1, 10, HANDED);
    assert_int_equal(scene_begin_staged(scene, 1, 11, HANDED), VERDICT_LEASE);
    assert_true(scene_password_counts(scene));
    assert_true(desk_is_version(scene->answer.password.verifier, 11));
}

static void nothing_is_staged_for_a_request_that_was_begun(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    assert_int_equal(scene_stage(scene, 1, 11, HANDED), VERDICT_DONE);
    assert_int_equal(scene_count(scene, "staged"), 0);
}

static void a_password_that_lapsed_or_is_not_ours_ends_its_request_and_kills_nothing(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *what;
        int64_t wait_ms;
        enum method staged;
        const char *user;
        bool none, written_over;
    } cases[] = {
        {.what = "none", .staged = HANDED, .none = true},
        {.what = "15 minutes are over", .staged = CHOSEN, .wait_ms = 15 * MINUTE_MS},
        {.what = "24 hours are over", .staged = HANDED, .wait_ms = 24 * HOUR_MS},
        {.what = "another method", .staged = CHOSEN},
        {.what = "another user", .staged = HANDED, .user = "u2"},
        {.what = "another request's", .staged = HANDED, .written_over = true},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned number = 2 + 2 * i;
        scene_pass(scene, 2 * HOUR_MS);
        scene_begin_staged(scene, number + 1, 10, HANDED);
        char key[64] = "staged:", id[DESK_ID_SIZE];
        enum method method = cases[i].wait_ms > 0 ? cases[i].staged : HANDED;
        struct desk_stage staged = {
            .request = number, .version = 11, .method = cases[i].staged, .user = cases[i].user};
        if (!cases[i].none)
            desk_stage(&scene->desk, &staged, &scene->answer);
        if (cases[i].written_over) {
            desk_stage(&scene->desk, &(struct desk_stage){.request = 99, .version = 12, .method = HANDED},
                       &scene->answer);
            desk_id(99, id);
            memcpy(key + 7, id, sizeof id);
            struct text value = memory_store_get(scene->memory, text_of(key));
            desk_id(number, id);
            memcpy(key + 7, id, sizeof id);
            memory_store_put(scene->memory, text_of(key), value, 0);
        }
        scene_pass(scene, cases[i].wait_ms);
        assert_int_equal(scene_begin(scene, scene_request(number, method)), VERDICT_DONE);
        if (scene->answer.state != REQUEST_EXPIRED || scene->answer.reason != REASON_PASSWORD_LAPSED)
            fail_msg("%s: %s", cases[i].what, reason_name(scene->answer.reason));
        if (cases[i].wait_ms <= HOUR_MS) { /* the older one still counts */
            assert_true(scene_password_counts(scene));
            assert_true(desk_is_version(scene->answer.password.verifier, 10));
        }
    }
}

static void a_notice_is_the_same_on_every_retry_and_its_end_leaves_the_password(void **state)
{
    struct scene *scene = *state;
    scene_begin_staged(scene, 1, 10, HANDED);
    struct desk_answer lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = 1});
    struct desk_begin retry = scene_request(1, HANDED);
    retry.owner = retry.inc = 2;
    retry.copy = 1;
    assert_int_equal(scene_begin(scene, retry), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 1));
    assert_true(scene->answer.expires_ms == lease.expires_ms);
    assert_int_equal(scene_begin(scene, retry), VERDICT_LEASE); /* the answer was lost */
    lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_DEAD, .reason = REASON_REFUSED});
    assert_int_equal(scene->answer.state, REQUEST_DEAD);
    assert_true(scene_password_counts(scene));
    retry.generation = 1; /* replayed: another Message-ID, the same password */
    retry.copy = 0;
    retry.owner = retry.inc = 3;
    assert_int_equal(scene_begin(scene, retry), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 3));
    assert_true(scene->answer.expires_ms == lease.expires_ms);
    assert_true(scene_password_counts(scene));
    assert_true(desk_is_version(scene->answer.password.verifier, 10));
}

static void a_mailed_password_is_the_same_while_a_mail_may_be_out(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, scene_request(1, MAILED)), VERDICT_LEASE);
    assert_true(scene->answer.has_seed);
    struct desk_answer lease = scene->answer;
    assert_true(scene_password_counts(scene));
    struct password_record first = scene->answer.password;
    scene_pass(scene, 46 * SECOND_MS); /* the lease is lost */
    struct desk_begin next = scene_request(1, MAILED);
    next.owner = next.inc = 2;
    next.t0_ms = scene->t0_ms;
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 1));
    assert_true(scene->answer.expires_ms == lease.expires_ms);
    assert_true(scene_password_counts(scene));
    assert_memory_equal(scene->answer.password.verifier, first.verifier, sizeof first.verifier);
}

static void a_mailed_password_that_surely_nobody_has_is_made_anew(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, MAILED));
    struct desk_answer lease = scene->answer;
    assert_true(scene_password_counts(scene));
    struct password_record first = scene->answer.password;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = 1});
    assert_false(scene->answer.has_seed);
    struct desk_begin retry = scene_request(1, MAILED);
    retry.owner = retry.inc = 2;
    retry.copy = 1;
    assert_int_equal(scene_begin(scene, retry), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 2));
    assert_true(scene_password_counts(scene));
    assert_memory_not_equal(scene->answer.password.verifier, first.verifier, sizeof first.verifier);
}

static void a_mailed_password_dies_with_its_request(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, MAILED));
    struct desk_answer lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_DEAD, .reason = REASON_REFUSED});
    assert_false(scene_password_counts(scene));
}

static void links_and_passwords_end_only_their_own_kind(void **state)
{
    struct scene *scene = *state;
    struct desk_begin self = {.request = 1, .owner = 1, .inc = 1};
    scene_begin(scene, self);
    struct desk_answer link = scene->answer;
    scene_begin_staged(scene, 2, 10, HANDED);
    assert_int_equal(scene_check(scene, &link), VERDICT_OK);
    scene_pass(scene, 20 * MINUTE_MS);
    self.request = self.owner = self.inc = 3;
    assert_int_equal(scene_begin(scene, self), VERDICT_LEASE);
    assert_int_equal(scene_check(scene, &link), VERDICT_NONE);
    assert_true(scene_password_counts(scene));
    scene_begin(scene, scene_request(4, MAILED));
    assert_true(scene_password_counts(scene));
    assert_int_equal(scene->answer.password.method, MAILED);
    assert_int_equal(scene_count(scene, "token"), 1);
    assert_int_equal(scene_count(scene, "password"), 1);
}

static void only_mailed_passwords_are_coalesced(void **state)
{
    struct scene *scene = *state;
    static const struct {
        enum method first, second;
        enum reason reason;
    } cases[] = {
        {MAILED, MAILED, REASON_COALESCED}, {HANDED, HANDED, REASON_NONE}, {CHOSEN, CHOSEN, REASON_NONE},
        {HANDED, MAILED, REASON_NONE},      {MAILED, HANDED, REASON_NONE},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene_pass(scene, 2 * HOUR_MS);
        scene_stage(scene, 10 * i + 1, 10, cases[i].first == MAILED ? HANDED : cases[i].first);
        scene_begin(scene, scene_request(10 * i + 1, cases[i].first));
        scene_stage(scene, 10 * i + 2, 11, cases[i].second == MAILED ? HANDED : cases[i].second);
        scene_begin(scene, scene_request(10 * i + 2, cases[i].second));
        if (scene->answer.reason != cases[i].reason)
            fail_msg("case %u: %s", i, reason_name(scene->answer.reason));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_staged_password_counts_once_its_request_was_begun),
        TEST(the_last_staged_password_is_the_one_that_counts),
        TEST(nothing_is_staged_for_a_request_that_was_begun),
        TEST(a_password_that_lapsed_or_is_not_ours_ends_its_request_and_kills_nothing),
        TEST(a_notice_is_the_same_on_every_retry_and_its_end_leaves_the_password),
        TEST(a_mailed_password_is_the_same_while_a_mail_may_be_out),
        TEST(a_mailed_password_that_surely_nobody_has_is_made_anew),
        TEST(a_mailed_password_dies_with_its_request),
        TEST(links_and_passwords_end_only_their_own_kind),
        TEST(only_mailed_passwords_are_coalesced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
