/* A mail that waits long at its dot: parked, so that nothing waits for it. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void park(void)
{
    world_set_out(&world, RELAY_HOLDS_DOT);
    world_pass(&world, 29999);
    world_run(&world);
    assert_journal(&world, "leased"); /* renewed, and nothing else */
    world_pass(&world, 1);
    world_run(&world);
    assert_journal(&world, "copy 2, deferred, leased, offset");
    assert_string_equal(world.audit.reason, "parked");
}

static const struct parked {
    enum relay answer;
    const char *journal;
} parked[] = {
    {RELAY_ACCEPTS, "sent, sent"},
    {RELAY_REFUSES_FOR_NOW, "pending"},
    {RELAY_REFUSES, "dead, dead letter, dead"},
    {RELAY_CUTS_AT_DOT, "pending"},
    {RELAY_SHUTS_DOWN, "pending"},
};

static void a_parked_mail_that_is_answered_ends_without_a_second_copy_or_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parked / sizeof *parked; i++) {
        print_message("  answer %d\n", (int)parked[i].answer);
        world_open(&world);
        park();
        world_relay_goes_on(&world, parked[i].answer);
        world_run(&world);
        assert_journal(&world, parked[i].journal);
        assert_int_equal(world.worker.job_count, 0);
        world_close(&world);
    }
}

static void a_parked_mail_that_nobody_answers_keeps_its_lease(void **state)
{
    (void)state;
    struct request_record record;
    park();
    for (unsigned i = 0; i < 12; i++) {
        world_pass(&world, 10000);
        world_run(&world);
        assert_true(world_request(&world, &record));
        assert_true(record.lease_ms > memory_store_time(world.memory));
    }
}

static void an_answer_while_it_is_being_parked_waits_for_the_park(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    world.hold_kafka = true;
    world_pass(&world, 30000);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "leased");
    world.hold_kafka = false;
    world_run(&world);
    assert_journal(&world, "copy 2, deferred, leased, offset, sent, sent");
    assert_int_equal(world.worker.job_count, 0);
}

static void an_event_too_large_to_be_parked_waits_at_the_dot_with_its_offset(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    world.kafka_fault = KAFKA_FAULT_TOO_LARGE;
    world.kafka_nth = 1;
    world_pass(&world, 30000);
    world_run(&world);
    assert_journal(&world, "leased");
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "sent, sent, offset");
    assert_int_equal(world.worker.job_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parked_mail_that_is_answered_ends_without_a_second_copy_or_offset),
        IN_A_WORLD(a_parked_mail_that_nobody_answers_keeps_its_lease),
        IN_A_WORLD(an_answer_while_it_is_being_parked_waits_for_the_park),
        IN_A_WORLD(an_event_too_large_to_be_parked_waits_at_the_dot_with_its_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
