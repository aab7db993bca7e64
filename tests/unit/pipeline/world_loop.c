/* How the world turns: one answer of one party at a time, then whatever the worker's loop has to do. */
#include "support.h"

#include <stdio.h>

#include "pipeline/world.h"

static bool turn(struct world *world)
{
    bool answered = false;
    event_base_loop(world->worker.base, EVLOOP_NONBLOCK);
    if (memory_store_waiting(world->memory) > 0 && !world->hold_redis) {
        memory_store_serve(world->memory, 0);
        answered = true;
    }
    answered |= world_answer_kafka(world);
    answered |= world_answer_smtp(world);
    return answered;
}

static bool somebody_waits_at_a_gate(const struct world *world)
{
    for (const struct job *job = world->worker.jobs; job; job = job->next)
        if (job->waiter.link)
            return true;
    return false;
}

void world_run(struct world *world)
{
    for (unsigned i = 0; i < 1000; i++) {
        if (turn(world))
            continue;
        if (!somebody_waits_at_a_gate(world))
            return;
        world_move_clocks(10); /* and the gate's own timer is awaited */
        event_base_loop(world->worker.base, EVLOOP_ONCE);
    }
    fail_msg("the worker does not come to rest: %.*s", (int)world->journal.size, world->journal.bytes);
}

void world_turns(struct world *world, unsigned count)
{
    while (count-- > 0)
        turn(world);
}

void world_set_out(struct world *world, enum relay relay)
{
    world->relay[0] = relay;
    world_event(world, (struct occasion){0});
    world_run(world);
    if (relay == RELAY_HOLDS || relay == RELAY_HOLDS_DOT)
        assert_journal(world, relay == RELAY_HOLDS ? "leased, mail" : "leased, mail, dot");
    buffer_reset(&world->journal);
}

void world_pass(struct world *world, int64_t milliseconds)
{
    world_move_clocks(milliseconds);
    memory_store_set_time(world->memory, memory_store_time(world->memory) + milliseconds);
    event_active(world->worker.tick, EV_TIMEOUT, 1);
    event_base_loop(world->worker.base, EVLOOP_NONBLOCK);
}

void world_finish(struct world *world)
{
    for (unsigned i = 0; i < 400; i++) {
        world_run(world);
        if (world->worker.job_count == 0)
            return;
        world_pass(world, 1000);
    }
    fail_msg("the event does not end: %.*s", (int)world->journal.size, world->journal.bytes);
}

void world_relay_goes_on(struct world *world, enum relay relay)
{
    assert_int_equal(world->delivery_count, 1);
    world->deliveries[0]->relay = relay;
}

void world_revoke(struct world *world)
{
    struct kafka_partition partitions[KAFKA_LANES_MAX];
    size_t count = 0;
    for (size_t lane = 0; lane <= world->worker.settings.tiers; lane++)
        partitions[count++] = (struct kafka_partition){.lane = lane, .epoch = world->epoch};
    intake_revoked(&world->worker, partitions, count, false);
    world->epoch++;
}

void world_check_journal(struct world *world, const char *expected, const char *file, int line)
{
    buffer_append_byte(&world->journal, '\0');
    if (strcmp(world->journal.bytes, expected) != 0) {
        print_error("%s:%d: it went\n  %s\ninstead of\n  %s\n", file, line, world->journal.bytes, expected);
        fail();
    }
    buffer_reset(&world->journal);
}

int world_set_up(void **state)
{
    world_open(*state);
    return 0;
}

int world_tear_down(void **state)
{
    world_close(*state);
    return 0;
}
