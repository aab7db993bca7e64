/* The ways of temporary passwords and of changed passwords: what the mail has in it, what is told before it,
 * and what survives it. */
#include "support.h"

#include <stdio.h>

#include "core/temporary_password.h"
#include "pipeline/world.h"

#define OTHER_ID "0199f1a0-5c3e-7d2b-9a41-000000000001"
#define MAILED   METHOD_TEMPORARY_PASSWORD_MAILED
#define HANDED   METHOD_TEMPORARY_PASSWORD_HANDED
#define CHOSEN   METHOD_TEMPORARY_PASSWORD_CHOSEN
#define CHANGED  METHOD_PASSWORD_CHANGED

static struct world world;

static const struct way {
    const char *name;
    enum method method;
    enum relay relay;
    bool unstaged;
    const char *journal, *reason;
} ways[] = {
    {"mailed", MAILED, RELAY_ACCEPTS, false, "leased, mail, dot, sent, sent, offset", "none"},
    {"mailed, 4xx", MAILED, RELAY_REFUSES_FOR_NOW, false, "leased, mail, copy 1, deferred, pending, offset",
     "refused_for_now"},
    {"mailed, 5xx", MAILED, RELAY_REFUSES, false, "leased, mail, dead, dead letter, dead, offset", "refused"},
    {"handed", HANDED, RELAY_ACCEPTS, false, "leased, mail, dot, sent, sent, offset", "none"},
    {"handed, too late", HANDED, RELAY_ACCEPTS, true, "expired, expired, offset", "password_lapsed"},
    {"chosen", CHOSEN, RELAY_ACCEPTS, false, "leased, mail, dot, sent, sent, offset", "none"},
    {"chosen, cut at the dot", CHOSEN, RELAY_CUTS_AT_DOT, false,
     "leased, mail, dot, copy 1, deferred, pending, offset", "uncertain"},
    {"changed: told before the notice is mailed", CHANGED, RELAY_ACCEPTS, false,
     "leased, completed, mail, dot, sent, sent, offset", "none"},
    {"changed, 4xx", CHANGED, RELAY_REFUSES_FOR_NOW, false,
     "leased, completed, mail, copy 1, deferred, pending, offset", "refused_for_now"},
    {"changed, 5xx", CHANGED, RELAY_REFUSES, false,
     "leased, completed, mail, dead, dead letter, dead, offset", "refused"},
};

static void ask(enum method method)
{
    world_event(&world, (struct occasion){.method = method});
    world_run(&world);
}

static void each_method_has_its_order_of_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct way *way = &ways[i];
        print_message("  %s\n", way->name);
        world_open(&world);
        world.relay[0] = way->relay;
        if (method_traits(way->method)->staged && !way->unstaged)
            world_stage(&world, way->method);
        ask(way->method);
        assert_journal(&world, way->journal);
        assert_string_equal(world.audit.reason, way->reason);
        assert_int_equal(world.worker.job_count, 0);
        world_close(&world);
    }
}

/* The password that the lease under way stands for. */
static void derive_password(char shown[TEMPORARY_PASSWORD_LENGTH + 1])
{
    struct request_record record;
    assert_true(world_request(&world, &record) && record.has_seed);
    temporary_password_derive(keyring_current(world.worker.token_keys), TEXT("acme"), TEXT("u1"),
                              TEXT(WORLD_ID), record.seed, shown);
}

static void a_mailed_password_is_in_the_mail_and_no_link(void **state)
{
    (void)state;
    char shown[TEMPORARY_PASSWORD_LENGTH + 1];
    world.relay[0] = RELAY_HOLDS;
    ask(MAILED);
    derive_password(shown);
    assert_true(world_mail_has(&world, shown));
    assert_false(world_mail_has(&world, "/reset?token="));
}

static void a_notice_has_neither_password_nor_link_and_leaves_no_seed(void **state)
{
    (void)state;
    static const enum method methods[] = {HANDED, CHOSEN, CHANGED};
    for (size_t i = 0; i < 3; i++) {
        struct request_record record;
        world_close(&world);
        world_open(&world);
        world.relay[0] = RELAY_HOLDS;
        if (method_traits(methods[i])->staged)
            world_stage(&world, methods[i]);
        ask(methods[i]);
        assert_int_equal(world.mails, 1);
        assert_false(world_mail_has(&world, "/reset?token="));
        assert_true(world_request(&world, &record) && !record.has_seed && !record.has_stored);
    }
}

static void a_second_try_carries_the_same_password_only_where_a_mail_may_be_out(void **state)
{
    (void)state;
    static const struct {
        enum relay relay;
        bool same;
    } cases[] = {{RELAY_CUTS_AT_DOT, true}, {RELAY_REFUSES_FOR_NOW, false}};
    for (size_t i = 0; i < 2; i++) {
        char first[TEMPORARY_PASSWORD_LENGTH + 1], second[TEMPORARY_PASSWORD_LENGTH + 1];
        world_close(&world);
        world_open(&world);
        world.relay[0] = RELAY_HOLDS;
        world.relay[1] = RELAY_HOLDS;
        ask(MAILED);
        derive_password(first);
        world_relay_goes_on(&world, cases[i].relay);
        world_run(&world);
        world_redeliver(&world);
        world_run(&world);
        derive_password(second);
        assert_true(world_mail_has(&world, second));
        assert_int_equal(strcmp(first, second) == 0, cases[i].same);
        assert_int_equal(strcmp(world.message_ids[0], world.message_ids[1]) == 0, cases[i].same);
    }
}

static void a_second_notice_needs_no_staged_password_and_is_the_same_notice(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    world_stage(&world, HANDED);
    ask(HANDED);
    buffer_reset(&world.journal);
    world_redeliver(&world);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
    assert_string_equal(world.message_ids[0], world.message_ids[1]);
}

static void a_password_made_with_another_key_of_the_same_id_is_not_mailed(void **state)
{
    (void)state;
    struct error error = {0};
    struct keyring *other;
    assert_ok(keyring_parse(TEXT("t1 3333333333333333333333333333333333333333333333333333333333333333\n"),
                            "keys", &other, &error),
              &error);
    struct keyring *right = world.worker.token_keys;
    world.worker.token_keys = other; /* the store still has the right one */
    ask(MAILED);
    assert_int_equal(world.mails, 0);
    world.worker.token_keys = right;
    world_pass(&world, 10000);
    world_run(&world);
    assert_int_equal(world.mails, 1);
    keyring_free(&other);
}

static void assert_says(const struct produced *audit, const char *expected)
{
    struct text value = audit->record->value;
    if (!memmem(value.bytes, value.size, expected, strlen(expected)))
        fail_msg("expected %s in: %.*s", expected, (int)value.size, value.bytes);
}

static void a_change_is_told_under_the_request_that_led_to_it(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){.id = OTHER_ID});
    world_run(&world);
    world_pass(&world, 60000);
    buffer_reset(&world.journal);
    world_event(&world, (struct occasion){.method = CHANGED, .completes = OTHER_ID});
    world_run(&world);
    assert_journal(&world, "leased, completed, mail, dot, sent, sent, offset");
    assert_says(&world.completed_audit, "\"request_id\":\"" OTHER_ID "\"");
    assert_says(&world.audit, "\"completes\":\"" OTHER_ID "\""); /* the notice's own */
    assert_says(&world.audit, "\"request_id\":\"" WORLD_ID "\"");
}

static void a_change_that_names_a_request_nobody_knows_is_told_under_its_own_id(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){.method = CHANGED, .completes = OTHER_ID});
    world_run(&world);
    assert_journal(&world, "leased, completed, mail, dot, sent, sent, offset");
    assert_string_equal(world.completed_audit.reason, "unknown_request");
    assert_says(&world.completed_audit, "\"request_id\":\"" WORLD_ID "\"");
}

static void a_change_read_again_is_told_again_and_mailed_once(void **state)
{
    (void)state;
    ask(CHANGED);
    buffer_reset(&world.journal);
    world_give_again(&world);
    world_run(&world);
    assert_journal(&world, "completed, sent, offset");
    assert_int_equal(world.mails, 1);
}

static void the_copy_of_a_change_does_not_tell_it_again(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    ask(CHANGED);
    buffer_reset(&world.journal);
    world_redeliver(&world);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

static void a_change_whose_notice_finds_the_limit_full_is_told_all_the_same(void **state)
{
    (void)state;
    world_close(&world);
    world_open_limited(&world, &(struct reset_limits){.per_notice = {.count = 1, .period_ms = 3600000}});
    world_event(&world, (struct occasion){.method = CHANGED, .id = OTHER_ID});
    world_run(&world);
    buffer_reset(&world.journal);
    ask(CHANGED);
    assert_journal(&world, "suppressed, completed, suppressed, offset");
    assert_string_equal(world.audit.reason, "notice_limit");
}

static void a_change_given_up_before_its_mail_gives_its_lease_back(void **state)
{
    (void)state;
    world.hold_kafka = true;
    ask(CHANGED);
    assert_journal(&world, "leased");
    world_revoke(&world);
    world.hold_kafka = false;
    world_run(&world);
    assert_journal(&world, "completed, pending");
    assert_int_equal(world.worker.job_count, 0);
}

static void a_change_asks_for_the_scope_notify_whatever_the_actors_role(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){.method = CHANGED, .signature = "kiosk"});
    world_run(&world);
    assert_journal(&world, "dead letter, dead, offset");
    assert_string_equal(world.audit.reason, "policy");
    world_event(&world, (struct occasion){.method = CHANGED, .actor_role = "clerk"});
    world_run(&world);
    assert_journal(&world, "leased, completed, mail, dot, sent, sent, offset");
}

/* Asks once more for the same user, each time as another request. */
static const char *outcome_in_bulk(const char *publisher)
{
    static char id[] = "0199f1a0-5c3e-7d2b-9a41-000000000010";
    id[sizeof id - 2]++;
    world_event(&world, (struct occasion){.id = id, .signature = publisher});
    world_run(&world);
    return strcmp(world.audit.reason, "none") == 0 ? world.audit.outcome : world.audit.reason;
}

static void a_publisher_with_the_scope_has_a_budget_of_its_own_in_bulk(void **state)
{
    (void)state;
    world_close(&world);
    world_open_limited(&world, &(struct reset_limits){.per_actor = {.count = 1, .period_ms = 3600000},
                                                      .per_bulk = {.count = 2, .period_ms = 3600000}});
    assert_string_equal(outcome_in_bulk("portal"), "sent");
    assert_string_equal(outcome_in_bulk("portal"), "actor_limit");
    assert_string_equal(outcome_in_bulk("campaign"), "sent");
    assert_string_equal(outcome_in_bulk("campaign"), "sent");
    assert_string_equal(outcome_in_bulk("campaign"), "bulk_limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_its_order_of_steps),
        IN_A_WORLD(a_mailed_password_is_in_the_mail_and_no_link),
        IN_A_WORLD(a_notice_has_neither_password_nor_link_and_leaves_no_seed),
        IN_A_WORLD(a_second_try_carries_the_same_password_only_where_a_mail_may_be_out),
        IN_A_WORLD(a_second_notice_needs_no_staged_password_and_is_the_same_notice),
        IN_A_WORLD(a_password_made_with_another_key_of_the_same_id_is_not_mailed),
        IN_A_WORLD(a_change_is_told_under_the_request_that_led_to_it),
        IN_A_WORLD(a_change_that_names_a_request_nobody_knows_is_told_under_its_own_id),
        IN_A_WORLD(a_change_read_again_is_told_again_and_mailed_once),
        IN_A_WORLD(the_copy_of_a_change_does_not_tell_it_again),
        IN_A_WORLD(a_change_whose_notice_finds_the_limit_full_is_told_all_the_same),
        IN_A_WORLD(a_change_given_up_before_its_mail_gives_its_lease_back),
        IN_A_WORLD(a_change_asks_for_the_scope_notify_whatever_the_actors_role),
        IN_A_WORLD(a_publisher_with_the_scope_has_a_budget_of_its_own_in_bulk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
