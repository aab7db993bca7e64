/* Redis, Kafka and the pool of connections in trouble around an event that is under way. */
#include "support.h"

#include "pipeline/world.h"

static struct world world;

static void a_mail_without_room_in_the_pool_is_offered_again(void **state)
{
    (void)state;
    world.pool_full = true;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased");
    world.pool_full = false;
    world_pass(&world, 100);
    world_run(&world);
    assert_journal(&world, "mail, dot, sent, sent, offset");
}

static void redis_that_lost_everything_makes_a_new_link(void **state)
{
    (void)state;
    struct request_record record;
    world_set_out(&world, RELAY_HOLDS_DOT);
    assert_true(world_request(&world, &record));
    unsigned char inc[RECORD_INC_SIZE];
    memcpy(inc, record.inc, sizeof inc);
    memory_store_empty(world.memory);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_finish(&world);
    assert_true(world_request(&world, &record) && record.state == REQUEST_SENT);
    assert_memory_not_equal(inc, record.inc, sizeof inc);
    assert_int_equal(world.mails_out, 2);
}

static void a_record_that_nobody_can_read_ends_as_a_dead_letter_and_holds_no_other_up(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS_DOT);
    memory_store_put(world.memory, TEXT("request:" WORLD_ID), TEXT("?"), 0);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "lost, dead letter, dead, offset");
    assert_string_equal(world.audit.reason, "schema");
    assert_true(gate_is_open(world.worker.gates[DEPENDENCY_REDIS]));
}

static void an_event_that_another_worker_has_rests(void **state)
{
    (void)state;
    world_set_out(&world, RELAY_HOLDS);
    world_event(&world, (struct occasion){0}); /* the same one, read twice */
    world_run(&world);
    assert_journal(&world, "");
    assert_int_equal(world.worker.job_count, 2);
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_finish(&world);
    assert_journal(&world, "dot, sent, sent, offset, sent, offset");
    assert_int_equal(world.mails, 1);
}

static void redis_that_is_away_is_asked_the_same_again(void **state)
{
    (void)state;
    struct request_record record;
    memory_store_fail(world.memory, MEMORY_FAULT_LOST_AFTER, 1);
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
    assert_true(world_request(&world, &record) && record.lost == 0 && !record.maybe_mailed);
}

static void a_dead_letter_too_large_for_kafka_goes_without_its_value(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES;
    world.kafka_fault = KAFKA_FAULT_TOO_LARGE;
    world.kafka_nth = 1;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased, mail, dead, dead letter, dead, offset");
    assert_int_equal(world.dead_letter.record->value.size, 0);
    struct text header;
    assert_false(kafka_record_header(world.dead_letter.record, SIGNATURE_HEADER, &header));
    assert_true(kafka_record_header(world.dead_letter.record, "__connect.errors.offset", &header));
}

static void an_audit_record_that_kafka_refuses_is_not_left_out(void **state)
{
    (void)state;
    world.kafka_fault = KAFKA_FAULT_TOO_LARGE;
    world.kafka_nth = 1;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
}

static void a_retry_copy_too_large_for_kafka_makes_the_event_dead(void **state)
{
    (void)state;
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    world.kafka_fault = KAFKA_FAULT_TOO_LARGE;
    world.kafka_nth = 1;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased, mail, dead, dead letter, dead, offset");
    assert_string_equal(world.audit.reason, "too_large");
}

static void a_copy_refused_after_an_uncertain_mail_still_says_that_it_may_be_out(void **state)
{
    (void)state;
    struct request_record record;
    world.relay[0] = RELAY_CUTS_AT_DOT;
    world.kafka_fault = KAFKA_FAULT_TOO_LARGE;
    world.kafka_nth = 1;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, dead, dead letter, dead, offset");
    assert_true(world_request(&world, &record) && record.maybe_mailed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_mail_without_room_in_the_pool_is_offered_again),
        IN_A_WORLD(redis_that_lost_everything_makes_a_new_link),
        IN_A_WORLD(a_record_that_nobody_can_read_ends_as_a_dead_letter_and_holds_no_other_up),
        IN_A_WORLD(an_event_that_another_worker_has_rests),
        IN_A_WORLD(redis_that_is_away_is_asked_the_same_again),
        IN_A_WORLD(a_dead_letter_too_large_for_kafka_goes_without_its_value),
        IN_A_WORLD(an_audit_record_that_kafka_refuses_is_not_left_out),
        IN_A_WORLD(a_retry_copy_too_large_for_kafka_makes_the_event_dead),
        IN_A_WORLD(a_copy_refused_after_an_uncertain_mail_still_says_that_it_may_be_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
