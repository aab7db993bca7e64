/* A partition that is revoked, or a lease that is lost, while an event is under way. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void a_partition_revoked_before_the_dot_gives_the_lease_back(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    world_revoke(&world);
    world_run(&world);
    assert_journal(&world, "withheld, pending");
    assert_int_equal(world.worker.job_count, 0);
    assert_int_equal(world.kafka_calls, 0);
}

static void a_partition_revoked_at_the_dot_finishes_its_mail_and_gives_no_offset_back(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    world_revoke(&world);
    world_pass(&world, 31000); /* and is not parked any more */
    world_run(&world);
    assert_journal(&world, "leased");
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "sent, sent");
    assert_int_equal(world.worker.job_count, 0);
}

static void a_partition_revoked_while_begin_is_asked_gives_the_lease_back(void **state)
{
    (void)state;
    world.hold_redis = true;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    world_revoke(&world);
    world.hold_redis = false;
    world_run(&world);
    assert_journal(&world, "leased, pending");
    assert_int_equal(world.worker.job_count, 0);
    assert_int_equal(world.mails, 0);
}

static void a_partition_revoked_while_the_pool_is_full_gives_the_lease_back(void **state)
{
    (void)state;
    world.pool_full = true;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    world_revoke(&world);
    world_run(&world);
    assert_journal(&world, "leased, pending");
    assert_int_equal(world.worker.job_count, 0);
}

static void a_lease_that_ran_out_before_the_dot_withholds_the_mail_and_begins_again(void **state)
{
    (void)state;
    struct request_record record;
    world_set_out(&world, RELAY_HOLDS);
    world.hold_redis = true; /* no renewal gets through */
    world_pass(&world, 15000);
    world_pass(&world, 26000);
    world_turns(&world, 3);
    assert_journal(&world, "withheld");
    world_pass(&world, 20000);
    world.hold_redis = false;
    world_finish(&world);
    assert_true(world_request(&world, &record) && record.state == REQUEST_SENT);
    assert_int_equal(world.mails, 2);
    assert_int_equal(world.mails_out, 1);
    assert_true(world.completed[WORLD_OFFSET]);
}

/* Stopped between 354 and the dot: no timer has run yet when the relay's answer is read. */
static void a_worker_that_stood_still_looks_at_its_lease_before_the_dot(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    world_move_clocks(41000);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    assert_true(world_answer_smtp(&world));
    assert_journal(&world, "withheld");
    world_finish(&world);
    assert_int_equal(world.mails_out, 1);
}

static void a_renewal_answered_late_does_not_touch_the_next_lease(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    world.relay[1] = RELAY_HOLDS;
    world.hold_redis = true;
    world_pass(&world, 15000);
    assert_int_equal(memory_store_waiting(world.memory), 1);
    world_pass(&world, 31000);
    world_turns(&world, 3);
    /* The renewal is still under way: begin must not be asked beside it. */
    assert_int_equal(memory_store_waiting(world.memory), 1);
    world.hold_redis = false;
    world_run(&world);
    for (unsigned i = 0; i < 50 && world.mails < 2; i++) {
        world_pass(&world, 1000);
        world_run(&world);
    }
    assert_int_equal(world.mails, 2);
    assert_false(world.worker.jobs->lease_lost);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_finish(&world);
    assert_int_equal(world.mails_out, 1);
}

/* As if another worker had taken the lease over. */
static void take_over(void)
{
    struct request_record record;
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size;
    assert_true(world_request(&world, &record));
    memset(record.owner, 'x', sizeof record.owner);
    record.lease_ms = memory_store_time(world.memory) + 45000;
    assert_int_equal(request_record_format(&record, bytes, sizeof bytes, &size), STATUS_OK);
    memory_store_put(world.memory, TEXT("request:" WORLD_ID), (struct text){bytes, size}, 0);
    world_look(&world);
    buffer_reset(&world.journal);
}

static void a_lease_taken_over_is_noticed_at_the_renewal(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    take_over();
    world_pass(&world, 15000);
    world_run(&world);
    assert_journal(&world, "withheld");
    assert_int_equal(world.mails, 1);
    assert_int_equal(world.worker.job_count, 1); /* it rests: the other one has the lease */
    world_pass(&world, 31000);
    world_finish(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

static void a_mail_accepted_after_its_lease_was_taken_over_is_still_sent(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    take_over();
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "sent, sent, offset");
}

static void a_refusal_after_the_lease_was_taken_over_begins_again(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    take_over();
    world_relay_goes_on(&world, RELAY_REFUSES);
    world_run(&world);
    assert_false(world.completed[WORLD_OFFSET]);
    world_pass(&world, 46000);
    world_finish(&world);
    assert_true(world.completed[WORLD_OFFSET]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_partition_revoked_before_the_dot_gives_the_lease_back),
        IN_A_WORLD(a_partition_revoked_at_the_dot_finishes_its_mail_and_gives_no_offset_back),
        IN_A_WORLD(a_partition_revoked_while_begin_is_asked_gives_the_lease_back),
        IN_A_WORLD(a_partition_revoked_while_the_pool_is_full_gives_the_lease_back),
        IN_A_WORLD(a_lease_that_ran_out_before_the_dot_withholds_the_mail_and_begins_again),
        IN_A_WORLD(a_worker_that_stood_still_looks_at_its_lease_before_the_dot),
        IN_A_WORLD(a_renewal_answered_late_does_not_touch_the_next_lease),
        IN_A_WORLD(a_lease_taken_over_is_noticed_at_the_renewal),
        IN_A_WORLD(a_mail_accepted_after_its_lease_was_taken_over_is_still_sent),
        IN_A_WORLD(a_refusal_after_the_lease_was_taken_over_begins_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
