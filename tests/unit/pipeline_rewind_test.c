/* A partition goes on at a lower offset than before: its log was cut, the topic made anew, or librdkafka
 * began again after a batch with a wrong checksum.  What was read before goes its way, for nobody else may
 * have it any more; what is read again finds it in Redis. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void rewind_partition(void)
{
    world.epoch++;
}

static void what_was_read_before_goes_its_way_until_the_partition_is_revoked(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    rewind_partition();
    world_run(&world);
    assert_journal(&world, "");
    world_revoke(&world);
    world_run(&world);
    assert_journal(&world, "withheld, pending");
    assert_int_equal(world.worker.job_count, 0);
}

static void a_copy_that_waited_before_is_given_up_with_its_partition(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_REFUSES_FOR_NOW);
    struct kafka_record copy = *world.copy.record;
    copy.reference = (struct kafka_reference){.lane = 1, .epoch = world.epoch, .offset = world.offset};
    intake_record(&world.worker, 1, kafka_record_copy(&copy));
    assert_int_equal(due_queue_size(world.worker.due[1]), 1);
    rewind_partition();
    world_revoke(&world);
    assert_int_equal(due_queue_size(world.worker.due[1]), 0);
}

static void what_is_read_again_is_mailed_once(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    rewind_partition();
    world_give_again(&world);
    world_run(&world);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "sent, sent"); /* in Redis and in the audit; its offset counts no more */
    world_pass(&world, 1000);             /* the second rested while the first had the lease */
    world_run(&world);
    assert_journal(&world, "sent, offset");
    assert_int_equal(world.mails_out, 1);
    assert_int_equal(world.worker.job_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(what_was_read_before_goes_its_way_until_the_partition_is_revoked),
        IN_A_WORLD(a_copy_that_waited_before_is_given_up_with_its_partition),
        IN_A_WORLD(what_is_read_again_is_mailed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
