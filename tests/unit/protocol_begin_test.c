/* Who may mail, and under which link. */
#include "support.h"

#include "support/scene.h"

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

static void assert_suppressed(const struct scene *scene, enum reason reason)
{
    assert_int_equal(scene->answer.verdict, VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_SUPPRESSED);
    assert_string_equal(reason_name(scene->answer.reason), reason_name(reason));
}

static struct desk_begin number(unsigned request)
{
    return (struct desk_begin){.request = request, .owner = request, .inc = request};
}

static void a_new_request_gets_a_lease_and_a_link_for_a_day(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    assert_int_equal(scene->answer.state, REQUEST_LEASED);
    assert_true(scene->answer.expires_ms == scene->t0_ms + 24 * HOUR_MS);
    assert_true(scene->answer.lease_ms == scene->t0_ms + 45 * SECOND_MS);
    assert_false(scene->answer.maybe_mailed || scene->answer.rebuilt);
    char token[TOKEN_LENGTH + 1], stored[TOKEN_STORED_LENGTH + 1], id[DESK_ID_SIZE];
    const struct request_record *lease = &scene->answer.lease.record;
    assert_true(text_equal(lease->kid, TEXT("t1")));
    token_derive(keyring_current(scene->desk.token_keys), TEXT("acme"), TEXT("u1"), desk_id(1, id),
                 lease->seed, token);
    token_stored((struct text){token, TOKEN_LENGTH}, stored);
    assert_memory_equal(stored, lease->stored, TOKEN_STORED_LENGTH);
    assert_int_equal(scene_count(scene, "token"), 1);
}

static void an_unknown_user_is_suppressed_and_leaves_only_its_request(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, (struct desk_begin){.request = 1, .unknown_user = true});
    assert_suppressed(scene, REASON_UNKNOWN_USER);
    assert_int_equal(scene_count(scene, "request"), 1);
    assert_int_equal(
        scene_count(scene, "user") + scene_count(scene, "recipient") + scene_count(scene, "token"), 0);
}

static void one_id_with_another_body_is_a_mismatch_and_changes_nothing(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    size_t swaps = memory_store_swaps(scene->memory);
    struct desk_begin other = number(1);
    other.locale = "fr";
    assert_int_equal(scene_begin(scene, other), VERDICT_MISMATCH);
    other = number(1);
    other.email = "else@example.org";
    assert_int_equal(scene_begin(scene, other), VERDICT_MISMATCH);
    assert_int_equal(memory_store_swaps(scene->memory), swaps);
}

static void a_running_lease_keeps_others_out_and_says_how_long(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    scene_pass(scene, 10 * SECOND_MS);
    struct desk_begin other = number(1);
    other.owner = 2;
    assert_int_equal(scene_begin(scene, other), VERDICT_BUSY);
    assert_true(scene->answer.rest_ms == 35 * SECOND_MS);
}

static void a_lease_that_nobody_renews_is_over_though_the_clock_was_set_back(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    scene_pass(scene, -24 * HOUR_MS);
    struct desk_begin other = number(1);
    other.owner = other.inc = 2;
    assert_int_equal(scene_begin(scene, other), VERDICT_BUSY);
    assert_true(scene->answer.rest_ms > 23 * HOUR_MS);
    other.watched_lease_ms = scene->answer.lease_ms;
    other.watched_ms = 45 * SECOND_MS;
    assert_int_equal(scene_begin(scene, other), VERDICT_BUSY);
    other.watched_ms++;
    other.watched_lease_ms--; /* it was renewed meanwhile */
    assert_int_equal(scene_begin(scene, other), VERDICT_BUSY);
    other.watched_lease_ms++;
    assert_int_equal(scene_begin(scene, other), VERDICT_LEASE);
    assert_true(scene->answer.lost == 1 && scene->answer.maybe_mailed);
    assert_true(desk_is_inc(&scene->answer, 1)); /* a mail may be out: the same link */
}

static void the_same_question_again_finds_its_own_lease(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    struct desk_answer first = scene->answer;
    scene_pass(scene, 50 * SECOND_MS);
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    assert_string_equal(scene->answer.stored, first.stored);
    assert_true(scene->answer.expires_ms == first.expires_ms);
    assert_true(scene->answer.lease_ms == first.lease_ms + 50 * SECOND_MS);
    assert_int_equal(scene->answer.lost, 0);
    assert_false(scene->answer.maybe_mailed);
}

static void the_same_question_again_after_a_newer_request_is_superseded(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    scene_pass(scene, 2 * MINUTE_MS);
    assert_int_equal(scene_begin(scene, number(2)), VERDICT_LEASE);
    struct desk_begin again = number(1);
    again.t0_ms = scene->t0_ms;
    scene_begin(scene, again);
    assert_suppressed(scene, REASON_SUPERSEDED);
    char id[DESK_ID_SIZE];
    desk_id(2, id);
    assert_string_equal(scene->answer.into, id);
    assert_false(scene->answer.maybe_mailed);
}

static void a_lost_lease_keeps_the_link_for_the_next_owner(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    struct desk_answer first = scene->answer;
    scene_pass(scene, 46 * SECOND_MS);
    struct desk_begin next = {.request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 1));
    assert_string_equal(scene->answer.stored, first.stored);
    assert_true(scene->answer.expires_ms == first.expires_ms);
    assert_true(scene->answer.maybe_mailed);
    assert_int_equal(scene->answer.lost, 1);
    assert_int_equal(scene_count(scene, "token"), 1);
}

static void a_request_that_loses_too_many_leases_is_dead(void **state)
{
    struct scene *scene = *state;
    for (unsigned owner = 1; owner <= DECISION_LOST_MOST + 1; owner++) {
        assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 1, .owner = owner, .inc = owner}),
                         VERDICT_LEASE);
        scene_pass(scene, 46 * SECOND_MS);
    }
    assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 1, .owner = 99, .inc = 99}),
                     VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_DEAD);
    assert_int_equal(scene->answer.reason, REASON_LOST_LEASES);
    assert_int_equal(scene_count(scene, "token"), 0);
}

static void an_older_copy_is_stale_also_after_the_end(void **state)
{
    struct scene *scene = *state;
    struct desk_begin copy = number(1);
    assert_int_equal(scene_begin(scene, copy), VERDICT_LEASE);
    struct desk_answer lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = 1});
    copy.owner = 2;
    assert_int_equal(scene_begin(scene, copy), VERDICT_STALE);
    copy.copy = 1;
    assert_int_equal(scene_begin(scene, copy), VERDICT_LEASE);
    lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT});
    copy.copy = 0;
    assert_int_equal(scene_begin(scene, copy), VERDICT_STALE);
    copy.copy = 1;
    assert_int_equal(scene_begin(scene, copy), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
}

static void past_its_end_a_request_is_never_mailed(void **state)
{
    struct scene *scene = *state;
    const int64_t now = scene->t0_ms;
    const struct {
        int64_t t0_ms, not_after_ms;
        enum request_state state;
        enum reason reason;
    } cases[] = {
        {now - 24 * HOUR_MS, 0, REQUEST_EXPIRED, REASON_TOO_OLD},
        {now - 24 * HOUR_MS + 1, 0, REQUEST_LEASED, REASON_NONE},
        {now, now, REQUEST_EXPIRED, REASON_NOT_AFTER},
        {now, now + 1, REQUEST_LEASED, REASON_NONE},
        {now - 25 * HOUR_MS, now + HOUR_MS, REQUEST_EXPIRED, REASON_TOO_OLD},
        {now + HOUR_MS, 0, REQUEST_LEASED, REASON_NONE}, /* a broker's clock ahead */
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char *const users[] = {"a", "b", "c", "d", "e", "f"};
        static const char *const emails[] = {"a@x.org", "b@x.org", "c@x.org",
                                             "d@x.org", "e@x.org", "f@x.org"};
        scene_begin(scene, (struct desk_begin){.request = i,
                                               .owner = i,
                                               .inc = i,
                                               .t0_ms = cases[i].t0_ms,
                                               .not_after_ms = cases[i].not_after_ms,
                                               .user = users[i],
                                               .email = emails[i]});
        assert_int_equal(scene->answer.state, cases[i].state);
        assert_int_equal(scene->answer.reason, cases[i].reason);
    }
}

static void what_redis_lost_is_rebuilt_and_says_so(void **state)
{
    struct scene *scene = *state;
    const struct {
        int64_t t0_ms;
        unsigned copy;
        bool rebuilt;
    } cases[] = {{scene->t0_ms, 0, false}, {scene->t0_ms - 2 * SECOND_MS, 0, true}, {scene->t0_ms, 1, true}};
    for (unsigned i = 0; i < 3; i++) {
        static const char *const users[] = {"a", "b", "c"};
        assert_int_equal(scene_begin(scene, (struct desk_begin){.request = i,
                                                                .owner = i,
                                                                .inc = i,
                                                                .t0_ms = cases[i].t0_ms,
                                                                .copy = cases[i].copy,
                                                                .user = users[i]}),
                         VERDICT_LEASE);
        assert_int_equal(scene->answer.rebuilt, cases[i].rebuilt);
        assert_int_equal(scene->answer.maybe_mailed, cases[i].rebuilt);
        assert_int_equal(scene->answer.tries, cases[i].copy);
    }
    memory_store_empty(scene->memory);
    scene_pass(scene, SECOND_MS);
    assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 9, .t0_ms = scene->t0_ms}),
                     VERDICT_LEASE);
    assert_true(scene->answer.rebuilt);
    assert_true(memory_store_get(scene->memory, TEXT("born")).bytes);
}

static void a_dead_letter_that_is_replayed_starts_over(void **state)
{
    struct scene *scene = *state;
    struct desk_begin next = number(1);
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    struct desk_answer lease = scene->answer;
    struct reset_finish refused = {
        .result = FINISH_DEAD, .reason = REASON_REFUSED, .reply_code = 550, .enhanced = TEXT("5.1.1")};
    assert_int_equal(scene_finish(scene, &lease, refused), VERDICT_DONE);
    assert_int_equal(scene_begin(scene, next), VERDICT_DONE);
    assert_int_equal(scene->answer.reason, REASON_REFUSED);
    assert_int_equal(scene->answer.reply_code, 550);
    next = (struct desk_begin){.request = 1, .generation = 1, .owner = 7, .inc = 7, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 7));
    assert_int_equal(scene->answer.tries, 0);
    assert_int_equal(scene->answer.reply_code, 0);
    assert_false(scene->answer.maybe_mailed);
    lease = scene->answer;
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT}), VERDICT_DONE);
    next.generation = 2;
    assert_int_equal(scene_begin(scene, next), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
}

static void an_attempt_that_put_nothing_out_makes_a_fresh_link(void **state)
{
    struct scene *scene = *state;
    for (unsigned uncertain = 0; uncertain < 2; uncertain++) {
        static const char *const users[] = {"a", "b"};
        struct desk_begin next = {.request = uncertain, .owner = 1, .inc = 1, .user = users[uncertain]};
        assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
        struct desk_answer lease = scene->answer;
        struct reset_finish pending = {.result = FINISH_PENDING, .copy = 1, .maybe_mailed = uncertain == 1};
        assert_int_equal(scene_finish(scene, &lease, pending), VERDICT_OK);
        assert_int_equal(scene_count(scene, "token"), uncertain == 1 ? 2 : 0);
        scene_pass(scene, MINUTE_MS);
        next.copy = 1;
        next.owner = next.inc = 2;
        next.t0_ms = scene->t0_ms;
        assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
        assert_true(desk_is_inc(&scene->answer, uncertain == 1 ? 1 : 2));
        assert_true(scene->answer.expires_ms == lease.expires_ms + (uncertain == 1 ? 0 : MINUTE_MS));
        assert_int_equal(scene->answer.tries, 1);
    }
    assert_int_equal(scene_count(scene, "token"), 2);
}

static void a_link_that_expired_is_not_mailed_again(void **state)
{
    struct scene *scene = *state;
    struct reset_store_settings brief = {.token_ttl_ms = MINUTE_MS};
    scene_close(scene);
    scene_open(scene, &brief);
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    scene_pass(scene, 2 * MINUTE_MS);
    struct desk_begin next = {.request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 2));
    assert_true(scene->answer.maybe_mailed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_request_gets_a_lease_and_a_link_for_a_day),
        TEST(an_unknown_user_is_suppressed_and_leaves_only_its_request),
        TEST(one_id_with_another_body_is_a_mismatch_and_changes_nothing),
        TEST(a_running_lease_keeps_others_out_and_says_how_long),
        TEST(a_lease_that_nobody_renews_is_over_though_the_clock_was_set_back),
        TEST(the_same_question_again_finds_its_own_lease),
        TEST(the_same_question_again_after_a_newer_request_is_superseded),
        TEST(a_lost_lease_keeps_the_link_for_the_next_owner),
        TEST(a_request_that_loses_too_many_leases_is_dead),
        TEST(an_older_copy_is_stale_also_after_the_end),
        TEST(past_its_end_a_request_is_never_mailed),
        TEST(what_redis_lost_is_rebuilt_and_says_so),
        TEST(a_dead_letter_that_is_replayed_starts_over),
        TEST(an_attempt_that_put_nothing_out_makes_a_fresh_link),
        TEST(a_link_that_expired_is_not_mailed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
