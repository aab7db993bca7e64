/* What a run may say about its attempt, and what an application may do with the link. */
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

/* The lease of request 1. */
static struct desk_answer lease_one(struct scene *scene)
{
    assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 1, .owner = 1, .inc = 1}),
                     VERDICT_LEASE);
    return scene->answer;
}

/* The same run's link taken over by owner 2, after owner 1 was away too long. */
static struct desk_answer take_over(struct scene *scene)
{
    scene_pass(scene, 46 * SECOND_MS);
    struct desk_begin next = {.request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    return scene->answer;
}

static void learn(struct scene *scene, struct desk_answer *lease)
{
    assert_int_equal(scene_check(scene, lease), VERDICT_OK);
    memcpy(lease->mac, scene->answer.mac, sizeof lease->mac);
    memcpy(lease->recipient, scene->answer.recipient, sizeof lease->recipient);
}

static void sent_keeps_the_link_and_forgets_the_seed(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    struct reset_finish sent = {.result = FINISH_SENT, .reply_code = 250, .enhanced = TEXT("2.0.0")};
    size_t reads = memory_store_reads(scene->memory);
    assert_int_equal(scene_finish(scene, &lease, sent), VERDICT_DONE);
    assert_int_equal(memory_store_reads(scene->memory), reads);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
    assert_int_equal(scene->answer.reply_code, 250);
    assert_int_equal(scene->answer.tries, 1);
    assert_false(scene->answer.has_seed || scene->answer.has_owner);
    assert_int_equal(scene_count(scene, "token"), 1);
    assert_int_equal(scene_finish(scene, &lease, sent), VERDICT_DONE);
    assert_int_equal(scene->answer.tries, 1);
}

static void each_verdict_of_a_run_that_lost_its_lease(void **state)
{
    (void)state;
    static const struct {
        enum finish_result result;
        enum verdict verdict;
    } cases[] = {{FINISH_SENT, VERDICT_DONE}, {FINISH_PENDING, VERDICT_LOST},
                 {FINISH_DEAD, VERDICT_LOST}, {FINISH_RELEASE, VERDICT_LOST},
                 {FINISH_PARK, VERDICT_LOST}, {FINISH_RENEW, VERDICT_LOST}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        scene_open(&scene, NULL);
        struct desk_answer first = lease_one(&scene), second = take_over(&scene);
        struct reset_finish said = {.result = cases[i].result, .copy = 9, .reason = REASON_REFUSED};
        assert_int_equal(scene_finish(&scene, &first, said), cases[i].verdict);
        assert_int_equal(scene_count(&scene, "token"), 1);
        said.result = FINISH_RENEW;
        assert_int_equal(scene_finish(&scene, &second, said),
                         cases[i].verdict == VERDICT_DONE ? VERDICT_DONE : VERDICT_OK);
        assert_int_equal(scene.answer.copy, 0);
        scene_close(&scene);
    }
}

static void a_mail_of_an_older_link_is_not_this_requests_mail(void **state)
{
    struct scene *scene = *state;
    struct desk_answer first = lease_one(scene);
    memory_store_empty(scene->memory);
    assert_int_equal(scene_finish(scene, &first, (struct reset_finish){.result = FINISH_SENT}), VERDICT_GONE);
    struct desk_answer second = take_over(scene);
    assert_int_equal(scene_finish(scene, &first, (struct reset_finish){.result = FINISH_SENT}), VERDICT_LOST);
    assert_int_equal(scene_finish(scene, &second, (struct reset_finish){.result = FINISH_SENT}),
                     VERDICT_DONE);
}

static void renewing_moves_the_lease_and_parking_the_copy(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    scene_pass(scene, 15 * SECOND_MS);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_RENEW}), VERDICT_OK);
    assert_true(scene->answer.lease_ms == memory_store_time(scene->memory) + 45 * SECOND_MS);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PARK, .copy = 1}),
                     VERDICT_OK);
    assert_int_equal(scene->answer.copy, 1);
    assert_int_equal(scene->answer.state, REQUEST_LEASED);
    struct desk_begin successor = {.request = 1, .owner = 2, .inc = 2, .copy = 1, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, successor), VERDICT_BUSY);
    assert_int_equal(
        scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_PENDING, .maybe_mailed = true}),
        VERDICT_OK);
    assert_int_equal(scene->answer.copy, 1);
    assert_int_equal(scene_begin(scene, successor), VERDICT_LEASE);
    assert_true(desk_is_inc(&scene->answer, 1));
}

static void release_burns_no_attempt(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_RELEASE, .copy = 5}),
                     VERDICT_OK);
    assert_int_equal(scene->answer.state, REQUEST_PENDING);
    assert_int_equal(scene->answer.tries + scene->answer.copy, 0);
    assert_int_equal(scene_count(scene, "token"), 0);
    assert_int_equal(scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_RELEASE}),
                     VERDICT_OK);
    struct desk_begin next = {.request = 1, .owner = 2, .inc = 2, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, next), VERDICT_LEASE);
    assert_false(scene->answer.maybe_mailed);
}

static void dead_deletes_the_link_but_not_a_claimed_one(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    struct reset_finish dead = {.result = FINISH_DEAD, .reason = REASON_REFUSED, .maybe_mailed = true};
    assert_int_equal(scene_finish(scene, &lease, dead), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_DEAD);
    assert_true(scene->answer.maybe_mailed);
    assert_int_equal(scene_count(scene, "token"), 0);

    scene_pass(scene, HOUR_MS);
    assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 2, .owner = 2, .inc = 2}),
                     VERDICT_LEASE);
    lease = scene->answer;
    learn(scene, &lease);
    assert_int_equal(scene_redeem(scene, &lease, 2, 1), VERDICT_OK);
    assert_int_equal(scene_finish(scene, &lease, dead), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
    assert_int_equal(scene->answer.reason, REASON_REDEEMED);
    assert_int_equal(scene_count(scene, "token"), 1);
    assert_int_equal(scene_redeem(scene, &lease, 2, 1), VERDICT_OK);
}

static void a_link_is_redeemed_once_and_only_its_taker_may_ask_again(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene), wrong;
    learn(scene, &lease);
    wrong = lease;
    wrong.mac[0] ^= 1;
    assert_int_equal(scene_redeem(scene, &wrong, 1, 1), VERDICT_NONE);
    wrong = lease;
    wrong.recipient[15] ^= 1;
    assert_int_equal(scene_redeem(scene, &wrong, 1, 1), VERDICT_NONE);
    assert_int_equal(scene_check(scene, &lease), VERDICT_OK);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    assert_true(scene->answer.has_token && scene->answer.has_request);
    assert_int_equal(scene_redeem(scene, &lease, 1, 2), VERDICT_NONE);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    assert_int_equal(scene_check(scene, &lease), VERDICT_CLAIMED);
    assert_int_equal(scene_redeem(scene, &wrong, 1, 1), VERDICT_NONE);
    scene_pass(scene, 5 * MINUTE_MS);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_NONE);
    assert_int_equal(scene_check(scene, &lease), VERDICT_NONE);
}

static void a_link_lives_a_day_and_not_longer(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    learn(scene, &lease);
    scene_finish(scene, &lease, (struct reset_finish){.result = FINISH_SENT});
    scene_pass(scene, 24 * HOUR_MS - 1);
    assert_int_equal(scene_check(scene, &lease), VERDICT_OK);
    scene_pass(scene, 1);
    assert_int_equal(scene_check(scene, &lease), VERDICT_NONE);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_NONE);
}

static void a_claimed_link_outlives_a_newer_request_for_its_taker_alone(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    learn(scene, &lease);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    scene_pass(scene, MINUTE_MS);
    assert_int_equal(scene_begin(scene, (struct desk_begin){.request = 2, .owner = 2, .inc = 2}),
                     VERDICT_LEASE);
    assert_int_equal(scene_check(scene, &lease), VERDICT_NONE);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    assert_int_equal(scene_redeem(scene, &lease, 1, 2), VERDICT_NONE);
}

static void a_redemption_ends_a_pending_request_and_its_retry_finds_it_done(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    learn(scene, &lease);
    struct reset_finish cut = {.result = FINISH_PENDING, .copy = 1, .maybe_mailed = true};
    assert_int_equal(scene_finish(scene, &lease, cut), VERDICT_OK);
    assert_int_equal(scene_redeem(scene, &lease, 1, 1), VERDICT_OK);
    assert_false(scene->answer.has_seed);
    struct desk_begin retry = {.request = 1, .owner = 2, .inc = 2, .copy = 1, .t0_ms = scene->t0_ms};
    assert_int_equal(scene_begin(scene, retry), VERDICT_DONE);
    assert_int_equal(scene->answer.state, REQUEST_SENT);
    assert_int_equal(scene->answer.reason, REASON_REDEEMED);
}

static void the_mac_of_a_stored_link_verifies_over_what_check_returns(void **state)
{
    struct scene *scene = *state;
    struct desk_answer lease = lease_one(scene);
    char key[80] = "token:";
    memcpy(key + 6, lease.stored, TOKEN_STORED_LENGTH);
    struct token_record token;
    assert_int_equal(token_record_parse(memory_store_get(scene->memory, text_of(key)), &token), STATUS_OK);
    struct token_claims claims = reset_token_claims(&token, text_of(lease.stored));
    assert_true(token_mac_verify(keyring_current(scene->desk.record_keys), &claims, token.mac));
    claims.expires_at++;
    assert_false(token_mac_verify(keyring_current(scene->desk.record_keys), &claims, token.mac));
}

static void status_tells_what_is_known(void **state)
{
    struct scene *scene = *state;
    desk_status(&scene->desk, 1, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_NONE);
    lease_one(scene);
    desk_status(&scene->desk, 1, &scene->answer);
    assert_int_equal(scene->answer.verdict, VERDICT_OK);
    assert_int_equal(scene->answer.state, REQUEST_LEASED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(sent_keeps_the_link_and_forgets_the_seed),
        TEST(each_verdict_of_a_run_that_lost_its_lease),
        TEST(a_mail_of_an_older_link_is_not_this_requests_mail),
        TEST(renewing_moves_the_lease_and_parking_the_copy),
        TEST(release_burns_no_attempt),
        TEST(dead_deletes_the_link_but_not_a_claimed_one),
        TEST(a_link_is_redeemed_once_and_only_its_taker_may_ask_again),
        TEST(a_link_lives_a_day_and_not_longer),
        TEST(a_claimed_link_outlives_a_newer_request_for_its_taker_alone),
        TEST(a_redemption_ends_a_pending_request_and_its_retry_finds_it_done),
        TEST(the_mac_of_a_stored_link_verifies_over_what_check_returns),
        TEST(status_tells_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
