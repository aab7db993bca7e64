/* What the relay says ▸ what becomes of the request: the table of trouble, row by row. */
#include "support.h"

#include "worker/disposition.h"

struct row {
    const char *given;
    struct smtp_result result;
    struct disposition_history history;
    struct disposition expected;
};

#define RESULT(kind_, stage_, reason_, code_)                                                                \
    {                                                                                                        \
        .kind = SMTP_##kind_, .stage = SMTP_STAGE_##stage_, .reason = SMTP_REASON_##reason_, .code = (code_) \
    }
#define TIERS .tiers = 3

static const struct row rows[] = {
    {"250 to the dot", RESULT(ACCEPTED, DOT, NONE, 250), {TIERS}, {.action = DISPOSITION_SENT}},
    {"a first 451",
     RESULT(REFUSED, RCPT, REPLY, 451),
     {TIERS},
     {DISPOSITION_RETRY, REASON_REFUSED_FOR_NOW, 0, false}},
    {"a third 451",
     RESULT(REFUSED, DOT, REPLY, 451),
     {.tries = 2, TIERS},
     {DISPOSITION_RETRY, REASON_REFUSED_FOR_NOW, 2, false}},
    {"451 after the last tier",
     RESULT(REFUSED, DOT, REPLY, 451),
     {.tries = 3, TIERS},
     {DISPOSITION_DEAD, REASON_ATTEMPTS, 0, false}},
    {"550",
     {.kind = SMTP_REFUSED,
      .stage = SMTP_STAGE_RCPT,
      .reason = SMTP_REASON_REPLY,
      .permanent = true,
      .code = 550},
     {TIERS},
     {DISPOSITION_DEAD, REASON_REFUSED, 0, false}},
    {"no SMTPUTF8",
     {.kind = SMTP_REFUSED, .reason = SMTP_REASON_SMTPUTF8, .permanent = true},
     {TIERS},
     {DISPOSITION_DEAD, REASON_SMTPUTF8, 0, false}},
    {"an address that must not go out",
     {.kind = SMTP_REFUSED, .reason = SMTP_REASON_ADDRESS, .permanent = true},
     {TIERS},
     {DISPOSITION_DEAD, REASON_ADDRESS, 0, false}},
    {"a message over SIZE",
     {.kind = SMTP_REFUSED, .reason = SMTP_REASON_SIZE, .permanent = true},
     {TIERS},
     {DISPOSITION_DEAD, REASON_MAIL, 0, false}},
    {"cut after the dot",
     RESULT(UNCERTAIN, DOT, CUT, 0),
     {TIERS},
     {DISPOSITION_RETRY, REASON_UNCERTAIN, 0, true}},
    {"cut after the dot, the last time",
     RESULT(UNCERTAIN, DOT, CUT, 0),
     {.tries = 3, TIERS},
     {DISPOSITION_DEAD, REASON_ATTEMPTS, 0, true}},
    {"no connection", RESULT(UNAVAILABLE, CONNECT, CONNECT, 0), {TIERS}, {.action = DISPOSITION_HOLD}},
    {"no connection, partition gone",
     RESULT(UNAVAILABLE, CONNECT, CONNECT, 0),
     {.leaving = true, TIERS},
     {.action = DISPOSITION_STOP}},
    {"421 for the second time",
     RESULT(UNAVAILABLE, RCPT, REPLY, 421),
     {.shutdowns = 2, TIERS},
     {.action = DISPOSITION_HOLD}},
    {"421 for the third time",
     RESULT(UNAVAILABLE, RCPT, REPLY, 421),
     {.shutdowns = 3, TIERS},
     {DISPOSITION_RETRY, REASON_REFUSED_FOR_NOW, 0, false}},
    {"silence at RCPT for the third time",
     RESULT(UNAVAILABLE, RCPT, DEADLINE, 0),
     {.shutdowns = 3, TIERS},
     {DISPOSITION_RETRY, REASON_REFUSED_FOR_NOW, 0, false}},
    {"cut at RCPT for the third time",
     RESULT(UNAVAILABLE, RCPT, CUT, 0),
     {.shutdowns = 3, TIERS},
     {DISPOSITION_RETRY, REASON_REFUSED_FOR_NOW, 0, false}},
    {"no connection for the third time",
     RESULT(UNAVAILABLE, CONNECT, DEADLINE, 0),
     {.shutdowns = 3, TIERS},
     {.action = DISPOSITION_HOLD}},
    {"withheld for its lease",
     RESULT(WITHHELD, DATA, CALLER, 0),
     {TIERS},
     {.action = DISPOSITION_BEGIN_AGAIN}},
    {"withheld for its partition",
     RESULT(WITHHELD, DATA, CALLER, 0),
     {.leaving = true, TIERS},
     {.action = DISPOSITION_STOP}},
};

static void each_answer_of_the_relay_has_one_disposition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct disposition got = disposition_of_mail(&rows[i].result, &rows[i].history);
        const struct disposition *expected = &rows[i].expected;
        if (got.action != expected->action || got.reason != expected->reason || got.tier != expected->tier ||
            got.maybe_mailed != expected->maybe_mailed)
            fail_msg("%s: expected action %d reason %s tier %u, got %d %s %u", rows[i].given,
                     expected->action, reason_name(expected->reason), expected->tier, got.action,
                     reason_name(got.reason), got.tier);
    }
}

static void what_breaks_off_is_about_the_recipient_only_while_others_are_served(void **state)
{
    (void)state;
    const struct {
        struct smtp_result result;
        bool serving, away;
    } cases[] = {
        {RESULT(UNAVAILABLE, RCPT, REPLY, 421), true, false},
        {RESULT(UNAVAILABLE, DATA, DEADLINE, 0), true, false},
        {RESULT(UNAVAILABLE, RCPT, CUT, 0), true, false},
        {RESULT(UNAVAILABLE, CONNECT, CUT, 0), false, false},
        {RESULT(UNAVAILABLE, NONE, QUEUE, 0), false, false},
        {RESULT(REFUSED, RCPT, REPLY, 451), false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(disposition_is_shutdown(&cases[i].result, true), cases[i].serving);
        assert_int_equal(disposition_is_shutdown(&cases[i].result, false), cases[i].away);
    }
}

static void no_retry_goes_past_the_last_tier(void **state)
{
    (void)state;
    for (unsigned tries = 0; tries < 8; tries++) {
        struct smtp_result result = RESULT(REFUSED, MAIL, REPLY, 450);
        struct disposition_history history = {.tries = tries, TIERS};
        struct disposition got = disposition_of_mail(&result, &history);
        assert_true(got.action == DISPOSITION_DEAD || got.tier < 3);
        assert_int_equal(got.action == DISPOSITION_DEAD, tries >= 3);
    }
}

static void a_parked_mail_comes_back_only_after_its_wait_has_ended(void **state)
{
    (void)state;
    const int64_t tiers[] = {30000, 300000, 1800000};
    assert_int_equal(disposition_park_tier(tiers, 3, 10000), 0);
    assert_int_equal(disposition_park_tier(tiers, 3, 30000), 1);
    assert_int_equal(disposition_park_tier(tiers, 3, 600000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_of_the_relay_has_one_disposition),
        cmocka_unit_test(what_breaks_off_is_about_the_recipient_only_while_others_are_served),
        cmocka_unit_test(no_retry_goes_past_the_last_tier),
        cmocka_unit_test(a_parked_mail_comes_back_only_after_its_wait_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
