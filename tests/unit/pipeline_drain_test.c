/* The end of a worker: what is under way goes to its end, is parked or given back, and then the group is
 * left. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void assert_over(void)
{
    assert_true(world.closed);
    assert_true(world.drained);
    assert_int_equal(world.worker.job_count, 0);
}

static void an_idle_worker_leaves_at_once(void **state)
{
    (void)state;
    drain_begin(&world.worker);
    world_run(&world);
    world_run(&world);
    assert_journal(&world, "closed");
    assert_over();
}

static void what_is_under_way_goes_to_its_end_and_nothing_new_is_taken(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    drain_begin(&world.worker);
    world_run(&world);
    assert_int_equal(intake_room(&world.worker, LANE_REQUESTED), 0);
    assert_int_equal(intake_room(&world.worker, 1), 0);
    assert_journal(&world, "");
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_pass(&world, 1);
    world_run(&world);
    world_pass(&world, 1);
    world_run(&world);
    assert_journal(&world, "dot, sent, sent, offset, closed");
    assert_over();
}

/* Where a mail stands when the drain's time is over, and what then becomes of its event. */
static const struct place {
    const char *name;
    enum relay relay;
    bool pool_full, left_at_dot;
    const char *journal;
} places[] = {
    {"before the dot", RELAY_HOLDS, false, false, "withheld, pending, closed"},
    {"without room in the pool", RELAY_ACCEPTS, true, false, "pending, closed"},
    {"at the dot", RELAY_HOLDS_DOT, false, true, "copy 2, deferred, leased, offset, closed"},
};

static void what_is_left_at_the_end_is_given_back_or_parked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        print_message("  %s\n", places[i].name);
        world_open(&world);
        world.pool_full = places[i].pool_full;
        world_set_out(&world, places[i].relay);
        drain_begin(&world.worker);
        world_pass(&world, 10000); /* not yet renewed, not yet over */
        world_run(&world);
        assert_journal(&world, "");
        world.worker.jobs->lease_asked_ms += 20000; /* no renewal in the journal */
        world_pass(&world, 15000);
        for (unsigned turn = 0; turn < 3; turn++) {
            world_run(&world);
            world_pass(&world, 1);
        }
        assert_journal(&world, places[i].journal);
        assert_true(world.closed && world.drained);
        assert_int_equal(world.worker.job_count, places[i].left_at_dot ? 1 : 0);
        assert_true(world.completed[WORLD_OFFSET] == places[i].left_at_dot);
        world_close(&world);
    }
}

static void an_event_that_rests_is_given_back_at_once(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    world_event(&world, (struct occasion){0}); /* it finds the lease taken */
    world_run(&world);
    assert_int_equal(world.worker.job_count, 2);
    drain_begin(&world.worker);
    assert_int_equal(world.worker.job_count, 1);
}

static void events_that_wait_for_redis_are_given_back_at_once(void **state)
{
    (void)state;
    gate_failure(world.worker.gates[DEPENDENCY_REDIS], "away");
    for (unsigned i = 0; i < 5; i++)
        world_event(&world, (struct occasion){0});
    assert_int_equal(world.worker.job_count, 5);
    drain_begin(&world.worker);
    assert_int_equal(world.worker.job_count, 0);
    world_run(&world);
    world_run(&world);
    assert_journal(&world, "closed");
    assert_over();
}

static void a_drain_without_time_gives_everything_back_at_once(void **state)
{
    (void)state;
    world.worker.settings.drain_ms = 0;
    gate_failure(world.worker.gates[DEPENDENCY_REDIS], "away");
    for (unsigned i = 0; i < 5; i++)
        world_event(&world, (struct occasion){0});
    drain_begin(&world.worker);
    for (unsigned turn = 0; turn < 3; turn++) {
        world_run(&world);
        world_pass(&world, 1);
    }
    assert_journal(&world, "closed");
    assert_over();
}

static void an_event_that_kafka_does_not_acknowledge_ends_with_the_drain(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    drain_begin(&world.worker);
    world.hold_kafka = true;
    world_relay_goes_on(&world, RELAY_REFUSES_FOR_NOW);
    world_run(&world);
    world_pass(&world, 27999); /* two seconds are left to leave the group and to tear down */
    world_run(&world);
    assert_false(world.closed);
    world_pass(&world, 1);
    world_run(&world);
    assert_true(world.closed);
    assert_false(world.completed[WORLD_OFFSET]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(an_idle_worker_leaves_at_once),
        IN_A_WORLD(what_is_under_way_goes_to_its_end_and_nothing_new_is_taken),
        cmocka_unit_test(what_is_left_at_the_end_is_given_back_or_parked),
        IN_A_WORLD(an_event_that_rests_is_given_back_at_once),
        IN_A_WORLD(events_that_wait_for_redis_are_given_back_at_once),
        IN_A_WORLD(a_drain_without_time_gives_everything_back_at_once),
        IN_A_WORLD(an_event_that_kafka_does_not_acknowledge_ends_with_the_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
