/* A relay that is away, breaks off or falls over: what is its own fault burns no attempt, what is about one
 * recipient does not loop. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void a_relay_that_is_away_burns_no_attempt(void **state)
{
    (void)state;
    struct request_record record;
    for (size_t i = 0; i < 3; i++)
        world.relay[i] = RELAY_BREAKS_OFF;
    world.relay_away = true;
    world_event(&world, (struct occasion){0});
    world_turns(&world, 60);
    assert_journal(&world, "leased, mail, pending, leased, mail, pending, leased, mail, pending");
    assert_true(world_request(&world, &record) && record.tries == 0);
    assert_int_equal(intake_room(&world.worker, LANE_REQUESTED), 0);
    world.relay_away = false;
    gate_success(world.worker.gates[DEPENDENCY_SMTP]);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
    assert_true(intake_room(&world.worker, LANE_REQUESTED) > 0);
}

/* 421 or a cut for this one recipient, while others are served: the third time it counts as a 4xx. */
static void a_recipient_at_whom_the_relay_falls_over_does_not_loop(void **state)
{
    static const enum relay ways[] = {RELAY_SHUTS_DOWN, RELAY_BREAKS_OFF};
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        world_open(&world);
        for (size_t i = 0; i < 3; i++)
            world.relay[i] = RELAY_HOLDS;
        world_event(&world, (struct occasion){0});
        for (size_t i = 0; i < 3; i++) {
            world_run(&world);
            gate_success(world.worker.gates[DEPENDENCY_SMTP]); /* it serves others */
            world_relay_goes_on(&world, ways[way]);
        }
        world_run(&world);
        assert_journal(
            &world,
            "leased, mail, pending, leased, mail, pending, leased, mail, copy 1, deferred, pending, offset");
        assert_string_equal(world.audit.reason, "refused_for_now");
        world_close(&world);
    }
}

/* A relay that says 421 to everybody, or cuts whatever comes, is away, and nobody's request is to blame. */
static void a_relay_that_serves_nobody_burns_no_attempt_however_long(void **state)
{
    static const enum relay ways[] = {RELAY_SHUTS_DOWN, RELAY_BREAKS_OFF};
    (void)state;
    struct request_record record;
    for (size_t way = 0; way < 2; way++) {
        world_open(&world);
        for (size_t i = 0; i < 20; i++)
            world.relay[i] = ways[way];
        world_event(&world, (struct occasion){0});
        world_run(&world);
        assert_true(world_request(&world, &record) && record.state == REQUEST_SENT);
        assert_int_equal(record.copy, 0);
        assert_int_equal(record.tries, 1); /* the answer that was a yes */
        assert_int_equal(world.mails, 21);
        assert_int_equal(world.mails_out, 1);
        world_close(&world);
    }
}

/* Whatever eats mails at the dot is not fed all that waits: each would be out twice. */
static void connections_that_break_at_the_dot_shut_the_gate(void **state)
{
    (void)state;
    struct gate *gate = world.worker.gates[DEPENDENCY_SMTP];
    world.relay_away = true; /* no probe gets through */
    for (size_t i = 0; i < 3; i++) {
        assert_true(gate_is_open(gate));
        world.relay[i] = RELAY_CUTS_AT_DOT;
        if (i == 0)
            world_event(&world, (struct occasion){0});
        else
            world_redeliver(&world);
        world_turns(&world, 20);
    }
    assert_false(gate_is_open(gate));
    assert_int_equal(intake_room(&world.worker, LANE_REQUESTED), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_relay_that_is_away_burns_no_attempt),
        cmocka_unit_test(a_recipient_at_whom_the_relay_falls_over_does_not_loop),
        cmocka_unit_test(a_relay_that_serves_nobody_burns_no_attempt_however_long),
        IN_A_WORLD(connections_that_break_at_the_dot_shut_the_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
