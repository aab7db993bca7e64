/* Things go wrong around an event that is under way: leases, partitions, Redis, Kafka and the relay. */
#include "support.h"

#include "io/clock.h"
#include "pipeline/world.h"

static struct world world;

/* An event whose mail waits where the relay was told to hold it. */
static void hold_mail(enum relay relay)
{
    world.relay[0] = relay;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    assert_journal(&world, relay == RELAY_HOLDS ? "leased, mail" : "leased, mail, dot");
}

static void park(void)
{
    hold_mail(RELAY_HOLDS_DOT);
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
    hold_mail(RELAY_HOLDS_DOT);
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
    hold_mail(RELAY_HOLDS_DOT);
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

static void a_partition_revoked_before_the_dot_gives_the_lease_back(void **state)
{
    (void)state;
    hold_mail(RELAY_HOLDS);
    world_revoke(&world);
    world_run(&world);
    assert_journal(&world, "withheld, pending");
    assert_int_equal(world.worker.job_count, 0);
    assert_int_equal(world.kafka_calls, 0);
}

static void a_partition_revoked_at_the_dot_finishes_its_mail_and_gives_no_offset_back(void **state)
{
    (void)state;
    hold_mail(RELAY_HOLDS_DOT);
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
    hold_mail(RELAY_HOLDS);
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
    hold_mail(RELAY_HOLDS);
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
    hold_mail(RELAY_HOLDS);
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
    hold_mail(RELAY_HOLDS);
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
    hold_mail(RELAY_HOLDS_DOT);
    take_over();
    world_relay_goes_on(&world, RELAY_ACCEPTS);
    world_run(&world);
    assert_journal(&world, "sent, sent, offset");
}

static void a_refusal_after_the_lease_was_taken_over_begins_again(void **state)
{
    (void)state;
    hold_mail(RELAY_HOLDS_DOT);
    take_over();
    world_relay_goes_on(&world, RELAY_REFUSES);
    world_run(&world);
    assert_false(world.completed[WORLD_OFFSET]);
    world_pass(&world, 46000);
    world_finish(&world);
    assert_true(world.completed[WORLD_OFFSET]);
}

static void redis_that_lost_everything_makes_a_new_link(void **state)
{
    (void)state;
    struct request_record record;
    hold_mail(RELAY_HOLDS_DOT);
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
    hold_mail(RELAY_HOLDS_DOT);
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
    hold_mail(RELAY_HOLDS);
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
        cmocka_unit_test(a_parked_mail_that_is_answered_ends_without_a_second_copy_or_offset),
        IN_A_WORLD(a_parked_mail_that_nobody_answers_keeps_its_lease),
        IN_A_WORLD(an_answer_while_it_is_being_parked_waits_for_the_park),
        IN_A_WORLD(an_event_too_large_to_be_parked_waits_at_the_dot_with_its_offset),
        IN_A_WORLD(a_partition_revoked_before_the_dot_gives_the_lease_back),
        IN_A_WORLD(a_partition_revoked_at_the_dot_finishes_its_mail_and_gives_no_offset_back),
        IN_A_WORLD(a_partition_revoked_while_begin_is_asked_gives_the_lease_back),
        IN_A_WORLD(a_mail_without_room_in_the_pool_is_offered_again),
        IN_A_WORLD(a_partition_revoked_while_the_pool_is_full_gives_the_lease_back),
        IN_A_WORLD(a_lease_that_ran_out_before_the_dot_withholds_the_mail_and_begins_again),
        IN_A_WORLD(a_worker_that_stood_still_looks_at_its_lease_before_the_dot),
        IN_A_WORLD(a_renewal_answered_late_does_not_touch_the_next_lease),
        IN_A_WORLD(a_lease_taken_over_is_noticed_at_the_renewal),
        IN_A_WORLD(a_mail_accepted_after_its_lease_was_taken_over_is_still_sent),
        IN_A_WORLD(a_refusal_after_the_lease_was_taken_over_begins_again),
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
