/* The words of outcomes and reasons are a closed set, each with its place. */
#include "support.h"

#include "core/outcome.h"

static void every_reason_has_one_word_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        enum reason back = REASON_COUNT;
        assert_true(reason_of_name(text_of(reason_name((enum reason)i)), &back));
        assert_int_equal(back, i);
    }
    enum reason back;
    assert_false(reason_of_name(TEXT("bounced"), &back));
    assert_false(reason_of_name(TEXT(""), &back));
    assert_string_equal(reason_name(REASON_COUNT), "unknown");
    assert_string_equal(outcome_name(OUTCOME_COUNT), "unknown");
}

static void every_reason_belongs_to_an_outcome(void **state)
{
    (void)state;
    unsigned pairs = 0;
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        unsigned outcomes = 0;
        for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
            outcomes += outcome_has_reason((enum outcome)outcome, (enum reason)i);
        assert_true(outcomes > 0);
        pairs += outcomes;
    }
    assert_true(pairs < 64); /* series of reset_relay_outcomes_total */
}

static void suppressed_expired_and_dead_always_say_why(void **state)
{
    (void)state;
    assert_false(outcome_has_reason(OUTCOME_SUPPRESSED, REASON_NONE));
    assert_false(outcome_has_reason(OUTCOME_EXPIRED, REASON_NONE));
    assert_false(outcome_has_reason(OUTCOME_DEAD, REASON_NONE));
    assert_true(outcome_has_reason(OUTCOME_SENT, REASON_NONE));
    assert_true(outcome_has_reason(OUTCOME_SENT, REASON_REDEEMED));
    assert_false(outcome_has_reason(OUTCOME_SENT, REASON_SIGNATURE));
    assert_false(outcome_has_reason(OUTCOME_COUNT, REASON_NONE));
}

static void four_outcomes_end_a_request(void **state)
{
    (void)state;
    const bool terminal[OUTCOME_COUNT] = {
        [OUTCOME_SENT] = true, [OUTCOME_SUPPRESSED] = true, [OUTCOME_EXPIRED] = true, [OUTCOME_DEAD] = true};
    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        assert_int_equal(outcome_is_terminal((enum outcome)i), terminal[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_one_word_of_its_own),
        cmocka_unit_test(every_reason_belongs_to_an_outcome),
        cmocka_unit_test(suppressed_expired_and_dead_always_say_why),
        cmocka_unit_test(four_outcomes_end_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
