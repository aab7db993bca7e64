/* A changed password and a revocation: what they end, what they leave, and whom the change completes. */
#include "support.h"

#include "support/scene.h"

#define MAILED  METHOD_TEMPORARY_PASSWORD_MAILED
#define HANDED  METHOD_TEMPORARY_PASSWORD_HANDED
#define CHANGED METHOD_PASSWORD_CHANGED

static int set_up(void **state)
{
    static struct scene scene;
    struct reset_store_settings settings = scene_defaults;
    settings.limits.per_notice = (struct limit){3, HOUR_MS};
    settings.limits.per_bulk = (struct limit){2, HOUR_MS};
    scene_open(&scene, &settings);
    scene_pass(&scene, HOUR_MS); /* so that there is time before */
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_close(*state);
    return 0;
}

/* `completes`: the number of the request that led to it; 0: none. */
static struct desk_begin change(unsigned number, unsigned completes)
{
    return (struct desk_begin){.request = number,
                               .owner = number,
                               .inc = number,
                               .method = CHANGED,
                               .completes = completes > 0 ? completes + 1 : 0};
}

static void assert_completed(struct scene *scene, unsigned request, bool completed)
{
    desk_status(&scene->desk, request, &scene->answer);
    if ((scene->answer.completed_ms > 0) != completed)
        fail_msg("request %u should %sbe completed", request, completed ? "" : "not ");
}

static void a_change_ends_link_and_password_and_is_mailed(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, METHOD_LINK));
    scene_begin(scene, scene_request(2, MAILED));
    scene_pass(scene, MINUTE_MS);
    assert_int_equal(scene_begin(scene, change(3, 0)), VERDICT_LEASE);
    assert_false(scene->answer.has_seed);
    assert_int_equal(scene_count(scene, "token"), 0);
    assert_int_equal(scene_count(scene, "password"), 0);
    for (unsigned number = 1; number <= 2; number++) {
        desk_status(&scene->desk, number, &scene->answer);
        assert_false(scene->answer.has_seed);
        assert_true(scene->answer.state == REQUEST_LEASED); /* ended by its own run */
    }
}

static void what_was_asked_for_before_a_change_goes_no_further_and_what_came_after_does(void **state)
{
    struct scene *scene = *state;
    int64_t now = memory_store_time(scene->memory);
    static const struct {
        int64_t after_ms;
        bool revoked;
    } cases[] = {{-MINUTE_MS, true}, {0, true}, {2 * SECOND_MS, true}, {2 * SECOND_MS + 1, false}};
    assert_int_equal(scene_begin(scene, change(1, 0)), VERDICT_LEASE);
    scene_pass(scene, MINUTE_MS);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk_begin late = scene_request(2 + i, METHOD_LINK);
        late.t0_ms = now + cases[i].after_ms;
        scene_begin(scene, late);
        if ((scene->answer.reason == REASON_REVOKED) != cases[i].revoked)
            fail_msg("%lld ms after the change: %s", (long long)cases[i].after_ms,
                     reason_name(scene->answer.reason));
    }
}

static void a_run_under_way_finds_its_request_revoked_by_the_change(void **state)
{
    struct scene *scene = *state;
    static const enum method methods[] = {METHOD_LINK, MAILED, HANDED};
    for (unsigned i = 0; i < 3; i++) {
        unsigned number = 1 + 10 * i;
        struct desk_begin first = scene_request(number, methods[i]);
        first.t0_ms = memory_store_time(scene->memory);
        scene_stage(scene, number, 10, HANDED);
        scene_begin(scene, first);
        struct desk_answer lease = scene->answer;
        scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = 1});
        scene_pass(scene, MINUTE_MS);
        scene_begin(scene, change(number + 1, 0));
        first.copy = 1;
        first.owner = 9;
        assert_int_equal(scene_begin(scene, first), VERDICT_DONE);
        assert_int_equal(scene->answer.reason, REASON_REVOKED);
        assert_false(scene_password_counts(scene));
        scene_pass(scene, HOUR_MS);
    }
}

static void a_delayed_change_ends_nothing_that_was_asked_for_after_it(void **state)
{
    struct scene *scene = *state;
    struct desk_begin late = change(1, 0);
    late.t0_ms = memory_store_time(scene->memory);
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, scene_request(2, METHOD_LINK));
    struct desk_answer link = scene->answer;
    scene_begin_staged(scene, 3, 10, HANDED);
    assert_int_equal(scene_begin(scene, late), VERDICT_LEASE);
    assert_int_equal(scene_check(scene, &link), VERDICT_OK);
    assert_true(scene_password_counts(scene));
}

static void what_a_change_ends_may_be_ended_before_its_event_is_begun(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, METHOD_LINK));
    struct desk_answer redeemed = scene->answer;
    assert_int_equal(scene_redeem(scene, &redeemed, 1, 5), VERDICT_OK);
    scene_begin_staged(scene, 2, 10, HANDED);
    desk_changed(&scene->desk, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    assert_false(scene_password_counts(scene));
    assert_int_equal(scene_redeem(scene, &redeemed, 1, 5), VERDICT_OK);
    assert_int_equal(scene_begin(scene, change(3, 1)), VERDICT_LEASE);
    assert_completed(scene, 1, true);

    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, scene_request(4, METHOD_LINK));
    struct desk_answer live = scene->answer;
    desk_changed(&scene->desk, &scene->answer);
    assert_int_equal(scene_check(scene, &live), VERDICT_NONE);
    assert_int_equal(scene_redeem(scene, &live, 4, 6), VERDICT_NONE);
}

static void a_redemption_may_be_asked_again_after_the_change(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, METHOD_LINK));
    struct desk_answer link = scene->answer;
    assert_int_equal(scene_redeem(scene, &link, 1, 5), VERDICT_OK);
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, change(2, 1));
    assert_int_equal(scene_redeem(scene, &link, 1, 5), VERDICT_OK);
    assert_int_equal(scene_redeem(scene, &link, 1, 6), VERDICT_NONE);
}

static void a_change_completes_the_request_that_it_names_if_it_is_the_users(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *what;
        unsigned named;
        bool completes;
    } cases[] = {
        {"the newest link", 2, true},
        {"an older link", 1, true},
        {"the newest password", 3, true},
        {"a request of another user", 4, false},
        {"a request that nobody knows", 63, false},
        {"a change", 30, false},
        {"itself", 25, false},
    };
    scene_begin(scene, scene_request(1, METHOD_LINK));
    scene_pass(scene, 2 * MINUTE_MS);
    scene_begin(scene, scene_request(2, METHOD_LINK));
    scene_begin(scene, scene_request(3, MAILED));
    struct desk_begin other = scene_request(4, METHOD_LINK);
    other.user = "u2";
    other.email = "u2@example.org";
    scene_begin(scene, other);
    scene_begin(scene, change(30, 0));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene_pass(scene, HOUR_MS);
        unsigned number = 19 + i;
        assert_int_equal(scene_begin(scene, change(number, cases[i].named)), VERDICT_LEASE);
        char id[DESK_ID_SIZE];
        desk_id(cases[i].named, id);
        if (strcmp(scene->answer.completes, cases[i].completes ? id : "") != 0)
            fail_msg("%s: completes \"%s\"", cases[i].what, scene->answer.completes);
        if (cases[i].named != 63)
            assert_completed(scene, cases[i].named, cases[i].completes);
    }
}

static void a_second_event_for_the_previous_address_changes_nothing_more(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, METHOD_LINK));
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, change(2, 1));
    desk_status(&scene->desk, 1, &scene->answer);
    int64_t completed_ms = scene->answer.completed_ms;
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, scene_request(4, METHOD_LINK));
    struct desk_answer link = scene->answer;
    struct desk_begin second = change(3, 1);
    second.email = "before@example.org";
    second.t0_ms = completed_ms;
    assert_int_equal(scene_begin(scene, second), VERDICT_LEASE);
    assert_int_equal(scene_check(scene, &link), VERDICT_OK);
    desk_status(&scene->desk, 1, &scene->answer);
    assert_true(scene->answer.completed_ms == completed_ms);
}

static void a_notice_over_its_limit_or_too_late_is_not_mailed_and_ends_all_the_same(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(scene_begin(scene, change(10 + i, 0)), VERDICT_LEASE);
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, scene_request(1, METHOD_LINK));
    scene_pass(scene, MINUTE_MS);
    assert_int_equal(scene_begin(scene, change(13, 1)), VERDICT_DONE);
    assert_int_equal(scene->answer.reason, REASON_NOTICE_LIMIT);
    assert_int_equal(scene_count(scene, "token"), 0);
    assert_completed(scene, 1, true);

    scene_begin(scene, scene_request(2, METHOD_LINK));
    struct desk_begin late = change(14, 2);
    late.t0_ms = memory_store_time(scene->memory);
    scene_pass(scene, 24 * HOUR_MS);
    assert_int_equal(scene_begin(scene, late), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_EXPIRED);
    assert_completed(scene, 2, true);
    struct desk_begin before = scene_request(3, METHOD_LINK);
    before.t0_ms = late.t0_ms;
    before.not_after_ms = 0;
    scene_begin(scene, before);
    assert_int_equal(scene->answer.state, REQUEST_EXPIRED);
}

static void notices_flood_no_mailbox_and_no_company_uses_up_those_of_another(void **state)
{
    struct scene *scene = *state;
    static const char *const users[] = {"a", "b", "c", "d", "e"};
    for (unsigned i = 0; i < 5; i++) {
        struct desk_begin notice = change(1 + i, 0);
        notice.user = users[i];
        notice.email = "victim@example.org";
        notice.tenant = i < 4 ? "rival" : NULL;
        scene_begin(scene, notice);
        if ((scene->answer.reason == REASON_NOTICE_LIMIT) != (i == 3))
            fail_msg("notice %u: %s", i, reason_name(scene->answer.reason));
    }
}

static void a_notice_is_retried_and_replayed_though_its_own_fence_is_later(void **state)
{
    struct scene *scene = *state;
    struct desk_begin notice = change(1, 0);
    notice.t0_ms = memory_store_time(scene->memory);
    assert_int_equal(scene_begin(scene, notice), VERDICT_LEASE);
    assert_int_equal(scene_begin(scene, notice), VERDICT_LEASE); /* the answer was lost */
    struct desk_answer lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = 1});
    desk_revoke(&scene->desk, &scene->answer);
    notice.copy = 1;
    notice.owner = notice.inc = 2;
    assert_int_equal(scene_begin(scene, notice), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 1));
    lease = scene->answer;
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_DEAD, .reason = REASON_REFUSED});
    notice.copy = 0;
    notice.generation = 1;
    notice.owner = notice.inc = 3;
    assert_int_equal(scene_begin(scene, notice), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 3));
}

static void a_revocation_ends_both_lanes_and_what_still_waits_in_kafka(void **state)
{
    struct scene *scene = *state;
    int64_t now = memory_store_time(scene->memory);
    scene_begin(scene, scene_request(1, METHOD_LINK));
    scene_begin_staged(scene, 2, 10, HANDED);
    desk_revoke(&scene->desk, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    assert_int_equal(scene_count(scene, "token"), 0);
    assert_int_equal(scene_count(scene, "password"), 0);
    scene_pass(scene, MINUTE_MS);
    static const enum method methods[] = {METHOD_LINK, MAILED, HANDED};
    for (unsigned i = 0; i < 3; i++) {
        struct desk_begin waiting = scene_request(10 + i, methods[i]);
        waiting.t0_ms = now - MINUTE_MS;
        scene_stage(scene, 10 + i, 11, HANDED);
        scene_begin(scene, waiting);
        assert_int_equal(scene->answer.reason, REASON_REVOKED);
        assert_int_equal(scene_count(scene, "staged"), i < 2 ? i + 1 : 2); /* its own is deleted */
        assert_int_equal(
            scene_begin(scene, scene_request(20 + i, methods[i] == HANDED ? MAILED : methods[i])),
            i == 2 ? VERDICT_DONE : VERDICT_LEASE); /* the third is the second again */
    }
}

/* The requests of a campaign: each of another user. */
static struct desk_begin in_bulk(unsigned number, const char *key)
{
    static const char *const users[] = {"a", "b", "c", "d"};
    struct desk_begin bulk = scene_request(1 + number, METHOD_LINK);
    bulk.user = bulk.email = users[number];
    bulk.bulk = key;
    return bulk;
}

static void a_publisher_that_names_anothers_key_uses_up_no_budget_of_that_key(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 4; i++) {
        struct desk_begin bulk = in_bulk(i, "key1");
        bulk.publisher = i < 3 ? "campaign" : "intake";
        scene_begin(scene, bulk);
        if ((scene->answer.reason == REASON_BULK_LIMIT) != (i == 2))
            fail_msg("request %u: %s", i, reason_name(scene->answer.reason));
    }
}

static void a_link_made_before_not_before_is_refused_and_made_anew(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, scene_request(1, METHOD_LINK));
    struct desk_answer first = scene->answer;
    scene_pass(scene, 46 * SECOND_MS); /* the lease is lost: a mail may be out */
    reset_store_set_not_before(scene->desk.store, memory_store_time(scene->memory));
    assert_int_equal(scene_check(scene, &first), VERDICT_NONE);
    assert_int_equal(scene_redeem(scene, &first, 1, 5), VERDICT_NONE);
    /* Nothing is coalesced into a link that does not work. */
    assert_int_equal(scene_begin(scene, scene_request(2, METHOD_LINK)), VERDICT_LEASE);
    scene_pass(scene, 46 * SECOND_MS);
    reset_store_set_not_before(scene->desk.store, memory_store_time(scene->memory));
    struct desk_begin again = scene_request(2, METHOD_LINK);
    again.owner = again.inc = 9;
    again.t0_ms = memory_store_time(scene->memory) - MINUTE_MS;
    assert_int_equal(scene_begin(scene, again), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 9));
    struct desk_answer anew = scene->answer;
    assert_int_equal(scene_check(scene, &anew), VERDICT_OK);
}

static void requests_in_bulk_have_a_budget_of_their_own(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 4; i++) {
        scene_begin(scene, in_bulk(i, i < 3 ? "key1" : "key2"));
        assert_int_equal(scene->answer.reason, i == 2 ? REASON_BULK_LIMIT : REASON_NONE);
    }
    assert_int_equal(scene_count(scene, "bulk"), 2);
    assert_int_equal(scene_count(scene, "actor"), 0);
}

static void an_unknown_user_leaves_a_record_of_the_tenant(void **state)
{
    struct scene *scene = *state;
    scene_begin(scene, (struct desk_begin){.request = 1, .unknown_user = true});
    desk_status(&scene->desk, 1, &scene->answer);
    assert_int_equal(scene->answer.reason, REASON_UNKNOWN_USER);
    assert_int_equal(scene_count(scene, "user"), 0);
    char key[64] = "request:";
    struct request_record record;
    desk_id(1, key + 8);
    assert_int_equal(request_record_parse(memory_store_get(scene->memory, text_of(key)), &record), STATUS_OK);
    assert_true(text_equal(record.tenant, TEXT("acme")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_change_ends_link_and_password_and_is_mailed),
        TEST(what_was_asked_for_before_a_change_goes_no_further_and_what_came_after_does),
        TEST(a_run_under_way_finds_its_request_revoked_by_the_change),
        TEST(a_delayed_change_ends_nothing_that_was_asked_for_after_it),
        TEST(what_a_change_ends_may_be_ended_before_its_event_is_begun),
        TEST(a_redemption_may_be_asked_again_after_the_change),
        TEST(a_change_completes_the_request_that_it_names_if_it_is_the_users),
        TEST(a_second_event_for_the_previous_address_changes_nothing_more),
        TEST(a_notice_over_its_limit_or_too_late_is_not_mailed_and_ends_all_the_same),
        TEST(notices_flood_no_mailbox_and_no_company_uses_up_those_of_another),
        TEST(a_notice_is_retried_and_replayed_though_its_own_fence_is_later),
        TEST(a_revocation_ends_both_lanes_and_what_still_waits_in_kafka),
        TEST(a_link_made_before_not_before_is_refused_and_made_anew),
        TEST(a_publisher_that_names_anothers_key_uses_up_no_budget_of_that_key),
        TEST(requests_in_bulk_have_a_budget_of_their_own),
        TEST(an_unknown_user_leaves_a_record_of_the_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
