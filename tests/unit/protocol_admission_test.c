/* Which new request is mailed, which one is folded into another or suppressed, and whose link dies. */
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

static struct desk_begin number(unsigned request)
{
    return (struct desk_begin){.request = request, .owner = request, .inc = request};
}

static void assert_suppressed(const struct scene *scene, enum reason reason)
{
    assert_int_equal(scene->answer.state, REQUEST_SUPPRESSED);
    assert_string_equal(reason_name(scene->answer.reason), reason_name(reason));
}

static void a_newer_request_kills_the_older_link_and_the_older_stays_dead(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    struct desk_answer older = scene->answer;
    scene_pass(scene, 2 * MINUTE_MS);
    assert_int_equal(scene_begin(scene, number(2)), VERDICT_LEASE);
    struct desk_answer newer = scene->answer;
    assert_int_equal(scene_count(scene, "token"), 1);
    assert_int_equal(scene_check(scene, &older), VERDICT_NONE);
    assert_int_equal(scene_check(scene, &newer), VERDICT_OK);
    scene_finish(scene, &newer, (struct reset_finish){.result = FINISH_DEAD, .reason = REASON_REFUSED});
    scene_pass(scene, MINUTE_MS);
    scene_begin(scene, (struct desk_begin){.request = 1, .owner = 9, .inc = 9, .t0_ms = scene->t0_ms});
    assert_suppressed(scene, REASON_SUPERSEDED);
    assert_int_equal(scene_count(scene, "token"), 0);
}

static void a_request_that_arrives_late_is_superseded_by_kafkas_time(void **state)
{
    struct scene *scene = *state;
    scene_pass(scene, MINUTE_MS);
    assert_int_equal(scene_begin(scene, number(2)), VERDICT_LEASE);
    scene_pass(scene, 2 * MINUTE_MS);
    struct desk_begin late = number(1);
    late.t0_ms = scene->t0_ms;
    scene_begin(scene, late);
    assert_suppressed(scene, REASON_SUPERSEDED);
    assert_int_equal(scene_count(scene, "token"), 1);
}

enum then { LEFT, SENT, REDEEMED, DEAD, PENDING_SOON, PENDING_LATE };

static void bring(struct scene *scene, enum then then)
{
    struct desk_answer lease = scene->answer;
    int64_t now = memory_store_time(scene->memory);
    if (then == SENT || then == REDEEMED)
        scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT});
    if (then == REDEEMED) {
        assert_int_equal(scene_check(scene, &lease), VERDICT_OK);
        memcpy(lease.mac, scene->answer.mac, sizeof lease.mac);
        memcpy(lease.recipient, scene->answer.recipient, sizeof lease.recipient);
        assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    }
    if (then == DEAD)
        scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_DEAD, .reason = REASON_REFUSED});
    if (then == PENDING_SOON || then == PENDING_LATE)
        scene_finish(scene, &lease,
                     (struct reset_finish){.result = FINISH_PENDING,
                                           .copy = 1,
                                           .due_ms = now + (then == PENDING_SOON ? 30 : 61) * SECOND_MS});
}

static void coalescing_folds_only_into_what_still_brings_the_same_link(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum then then;
        int64_t wait_ms;
        bool by_admin;
        const char *email, *locale;
        bool folds;
    } cases[] = {
        {"leased", LEFT, 59999, false, NULL, NULL, true},
        {"leased, another language", LEFT, 1, false, NULL, "fr", true},
        {"leased, window over", LEFT, 60000, false, NULL, NULL, false},
        {"sent", SENT, 59999, false, NULL, NULL, true},
        {"redeemed", REDEEMED, 10, false, NULL, NULL, false},
        {"dead", DEAD, 10, false, NULL, NULL, false},
        {"next try inside the window", PENDING_SOON, 10, false, NULL, NULL, true},
        {"next try after the window", PENDING_LATE, 10, false, NULL, NULL, false},
        {"by an administrator", LEFT, 10, true, NULL, NULL, false},
        {"to another address", LEFT, 10, false, "new@example.org", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        scene_open(&scene, &scene_defaults);
        assert_int_equal(scene_begin(&scene, number(1)), VERDICT_LEASE);
        bring(&scene, cases[i].then);
        scene_pass(&scene, cases[i].wait_ms);
        size_t tokens = scene_count(&scene, "token");
        struct desk_begin second = number(2);
        second.by_admin = cases[i].by_admin;
        second.email = cases[i].email;
        second.locale = cases[i].locale;
        enum verdict verdict = scene_begin(&scene, second);
        if ((verdict == VERDICT_DONE) != cases[i].folds)
            fail_msg("%s: %s", cases[i].name, verdict_name(verdict));
        if (cases[i].folds) {
            char id[DESK_ID_SIZE];
            desk_id(1, id);
            assert_suppressed(&scene, REASON_COALESCED);
            assert_string_equal(scene.answer.into, id);
            assert_int_equal(scene_count(&scene, "token"), tokens);
        }
        scene_close(&scene);
    }
}

static void an_administrators_fresh_link_survives_the_users_own_request(void **state)
{
    struct scene *scene = *state;
    struct desk_begin admin = number(1), own = number(2);
    admin.by_admin = true;
    assert_int_equal(scene_begin(scene, admin), VERDICT_LEASE);
    struct desk_answer link = scene->answer;
    scene_pass(scene, 15 * MINUTE_MS - 1);
    scene_begin(scene, own);
    assert_suppressed(scene, REASON_ADMIN_LINK);
    assert_int_equal(scene_check(scene, &link), VERDICT_OK);
    scene_pass(scene, 1);
    own = number(3);
    assert_int_equal(scene_begin(scene, own), VERDICT_LEASE);
    scene_pass(scene, 1);
    admin = number(4);
    admin.by_admin = true;
    assert_int_equal(scene_begin(scene, admin), VERDICT_LEASE);
    assert_int_equal(scene_count(scene, "token"), 1);
}

/* Admits `count` requests, each some time after the one before, and says how the next one ends. */
static enum reason after(struct scene *scene, unsigned count, struct desk_begin shape, bool other_users)
{
    static const char *const users[] = {"a", "b", "c", "d", "e", "f", "g"};
    static const char *const emails[] = {"a@x.org", "b@x.org", "c@x.org", "d@x.org",
                                         "e@x.org", "f@x.org", "g@x.org"};
    for (unsigned i = 0; i <= count; i++) {
        struct desk_begin next = shape;
        next.request = next.owner = next.inc = 10 + i;
        if (other_users) {
            next.user = users[i];
            next.email = shape.email ? shape.email : emails[i];
        }
        enum verdict verdict = scene_begin(scene, next);
        if (i < count) {
            assert_int_equal(verdict, VERDICT_LEASE);
            scene_pass(scene, 2 * MINUTE_MS);
        }
    }
    return scene->answer.reason;
}

static void limits_are_per_user_and_class_per_mailbox_and_per_actor(void **state)
{
    (void)state;
    struct reset_store_settings actor = scene_defaults, user_only = scene_defaults, off = {.lease_ms = 0};
    actor.limits.per_actor = (struct limit){3, HOUR_MS};
    user_only.limits.per_recipient.count = 0;
    const struct {
        const char *name;
        const struct reset_store_settings *settings;
        unsigned admitted;
        struct desk_begin shape;
        bool other_users;
        enum reason reason;
    } cases[] = {
        {"own requests of one user", &user_only, 5, {.by_admin = false}, false, REASON_USER_LIMIT},
        {"an administrator's for one user", &user_only, 5, {.by_admin = true}, false, REASON_USER_LIMIT},
        {"several users with one mailbox",
         &scene_defaults,
         5,
         {.email = "x@x.org"},
         true,
         REASON_RECIPIENT_LIMIT},
        {"an administrator's for several users", &actor, 3, {.by_admin = true}, true, REASON_ACTOR_LIMIT},
        {"own requests of several users", &actor, 6, {.actor = "same"}, true, REASON_NONE},
        {"no limits at all", &off, 6, {.by_admin = true}, false, REASON_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        scene_open(&scene, cases[i].settings);
        enum reason reason = after(&scene, cases[i].admitted, cases[i].shape, cases[i].other_users);
        if (reason != cases[i].reason)
            fail_msg("%s: %s instead of %s", cases[i].name, reason_name(reason),
                     reason_name(cases[i].reason));
        scene_close(&scene);
    }
}

static void strangers_leave_an_administrators_request_for_the_mailbox_they_flood(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(after(scene, 5, (struct desk_begin){.by_admin = false}, false), REASON_USER_LIMIT);
    assert_int_equal(scene_begin(scene, scene_request(30, METHOD_LINK)), VERDICT_LEASE);
}

static void a_company_uses_up_no_other_companys_administrators_budget_for_a_mailbox(void **state)
{
    struct scene *scene = *state;
    struct desk_begin elsewhere = {.by_admin = true, .tenant = "rival", .email = "u1@example.org"};
    assert_int_equal(after(scene, 5, elsewhere, true), REASON_RECIPIENT_LIMIT);
    assert_int_equal(scene_begin(scene, scene_request(30, METHOD_LINK)), VERDICT_LEASE);
}

static void strangers_have_one_budget_for_a_mailbox_at_all_companies(void **state)
{
    struct scene *scene = *state;
    struct desk_begin here = number(30);
    here.email = "u1@example.org";
    assert_int_equal(after(scene, 5, (struct desk_begin){.tenant = "rival", .email = "u1@example.org"}, true),
                     REASON_RECIPIENT_LIMIT);
    scene_begin(scene, here);
    assert_suppressed(scene, REASON_RECIPIENT_LIMIT);
}

static void what_a_limit_suppresses_kills_no_link_and_the_classes_are_apart(void **state)
{
    struct scene *scene = *state;
    struct reset_store_settings settings = scene_defaults;
    settings.limits.per_recipient.count = 0;
    settings.limits.protect_admin_ms = 0;
    scene_close(scene);
    scene_open(scene, &settings);
    assert_int_equal(after(scene, 5, (struct desk_begin){.by_admin = false}, false), REASON_USER_LIMIT);
    assert_int_equal(scene_count(scene, "token"), 1);
    struct desk_begin admin = number(30);
    admin.by_admin = true;
    assert_int_equal(scene_begin(scene, admin), VERDICT_LEASE);
    scene_pass(scene, 50 * MINUTE_MS + 1); /* the first of the five is an hour old */
    assert_int_equal(scene_begin(scene, number(31)), VERDICT_LEASE);
}

static void a_limit_larger_than_a_record_holds_still_counts(void **state)
{
    struct scene *scene = *state;
    struct reset_store_settings settings = {
        .limits = {.per_user = {500, HOUR_MS}, .per_recipient = {700, HOUR_MS}}};
    scene_close(scene);
    scene_open(scene, &settings);
    for (unsigned i = 0; i < 500; i++, scene_pass(scene, i % 7 * SECOND_MS))
        assert_int_equal(scene_begin(scene, number(1000 + i)), VERDICT_LEASE);
    scene_begin(scene, number(2000));
    assert_suppressed(scene, REASON_USER_LIMIT);
    scene_pass(scene, HOUR_MS);
    assert_int_equal(scene_begin(scene, number(2001)), VERDICT_LEASE);
}

static void a_retry_is_not_counted_again(void **state)
{
    struct scene *scene = *state;
    for (unsigned try = 0; try < 10; try++) {
        struct desk_begin next = {
            .request = 1, .owner = 1 + try, .inc = 1 + try, .copy = try, .t0_ms = scene->t0_ms};
        assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
        struct desk_answer lease = scene->answer;
        scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .copy = try + 1});
    }
    scene_pass(scene, 2 * MINUTE_MS);
    for (unsigned i = 2; i < 6; i++, scene_pass(scene, 2 * MINUTE_MS))
        assert_int_equal(scene_begin(scene, number(i)), VERDICT_LEASE);
    scene_begin(scene, number(7));
    assert_suppressed(scene, REASON_USER_LIMIT);
}

static void revocation_ends_every_link_and_what_was_asked_before_it(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_begin(scene, number(1)), VERDICT_LEASE);
    struct desk_answer lease = scene->answer;
    scene_pass(scene, MINUTE_MS);
    desk_revoke(&scene->desk, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    assert_int_equal(scene_count(scene, "token"), 0);
    assert_int_equal(scene_check(scene, &lease), VERDICT_NONE);
    scene_begin(scene, (struct desk_begin){.request = 1, .owner = 1, .inc = 1, .t0_ms = scene->t0_ms});
    assert_suppressed(scene, REASON_REVOKED);
    int64_t fence = memory_store_time(scene->memory);
    scene_pass(scene, MINUTE_MS);
    const struct {
        int64_t t0_ms;
        enum verdict verdict;
    } cases[] = {{fence - 1, VERDICT_DONE}, {fence + 2000, VERDICT_DONE}, {fence + 2001, VERDICT_LEASE}};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(
            scene_begin(scene,
                        (struct desk_begin){.request = 5 + i, .owner = 1, .inc = 1, .t0_ms = cases[i].t0_ms}),
            cases[i].verdict);
    assert_int_equal(scene_count(scene, "token"), 1);
}

static void revoking_a_user_nobody_knows_holds_for_what_is_still_under_way(void **state)
{
    struct scene *scene = *state;
    desk_revoke(&scene->desk, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    scene_begin(scene, (struct desk_begin){.request = 1, .t0_ms = scene->t0_ms - 1});
    assert_suppressed(scene, REASON_REVOKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_newer_request_kills_the_older_link_and_the_older_stays_dead),
        TEST(a_request_that_arrives_late_is_superseded_by_kafkas_time),
        TEST(coalescing_folds_only_into_what_still_brings_the_same_link),
        TEST(an_administrators_fresh_link_survives_the_users_own_request),
        TEST(limits_are_per_user_and_class_per_mailbox_and_per_actor),
        TEST(strangers_leave_an_administrators_request_for_the_mailbox_they_flood),
        TEST(a_company_uses_up_no_other_companys_administrators_budget_for_a_mailbox),
        TEST(strangers_have_one_budget_for_a_mailbox_at_all_companies),
        TEST(what_a_limit_suppresses_kills_no_link_and_the_classes_are_apart),
        TEST(a_limit_larger_than_a_record_holds_still_counts),
        TEST(a_retry_is_not_counted_again),
        TEST(revocation_ends_every_link_and_what_was_asked_before_it),
        TEST(revoking_a_user_nobody_knows_holds_for_what_is_still_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
