/* Whoever may write to Kafka but has no publisher's secret: turns bits, cuts, repeats, reorders, moves
 * records between topics, dates them otherwise.  At worst an event that somebody vouched for is read again.
 */
#include "support.h"

#include <stdio.h>

#include "pipeline/world.h"

#define OTHER_ID "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a8"

static struct world world;

/* An event that was signed, read and mailed: what an attacker has seen of it. */
static struct kafka_record *seen(enum relay relay)
{
    world.relay[0] = relay;
    world_event(&world, (struct occasion){0});
    world_run(&world);
    buffer_reset(&world.journal);
    return kafka_record_copy(world.given);
}

/* Writes a record to the topic of `lane`. */
static void write_record(const struct kafka_record *record, size_t lane)
{
    kafka_record_free(&world.given);
    world.given = kafka_record_copy(record);
    world.given->reference.lane = lane;
    world.given->topic = world.worker.settings.topics[lane];
    world.given->timestamp_ms = memory_store_time(world.memory);
    world_give_again(&world);
    world_run(&world);
}

static void assert_nobody_believes_it(const char *reason)
{
    assert_journal(&world, "dead letter, dead, offset");
    assert_string_equal(world.audit.reason, reason);
    assert_int_equal(world.mails, 1); /* the one that was seen */
}

static void turn_each_bit(const struct kafka_record *record, struct text part)
{
    char *bytes = (char *)(uintptr_t)part.bytes;
    for (size_t bit = 0; bit < 8 * part.size; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        write_record(record, LANE_REQUESTED);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        assert_nobody_believes_it("signature");
    }
}

static void a_record_with_any_bit_turned_is_dead(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    turn_each_bit(record, record->value);
    turn_each_bit(record, record->headers[0].value);
    kafka_record_free(&record);
}

static void a_record_cut_anywhere_is_dead(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    struct text whole = record->value;
    for (size_t size = 0; size < whole.size; size++) {
        record->value.size = size;
        write_record(record, LANE_REQUESTED);
        assert_nobody_believes_it(size ? "signature" : "empty");
    }
    kafka_record_free(&record);
}

static const struct forgery {
    const char *name;
    struct occasion occasion;
} forgeries[] = {
    {"nobody signed it", {.id = OTHER_ID, .unsigned_ = true}},
    {"another publisher's secret", {.id = OTHER_ID, .wrong_secret = true}},
    {"another publisher's secret, under an id that is known", {.wrong_secret = true}},
};

static void a_forged_record_is_dead(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        print_message("  %s\n", forgeries[i].name);
        world_event(&world, forgeries[i].occasion);
        world_run(&world);
        assert_nobody_believes_it("signature");
    }
    kafka_record_free(&record);
}

/* What a record that was seen does when it is written once more, by how its event ended. */
static const struct replayed {
    const char *name;
    enum relay relay;
    const char *requested; /* the journal */
} replayed[] = {
    {"sent", RELAY_ACCEPTS, "sent, offset"},
    {"dead", RELAY_REFUSES, "dead letter, dead, offset"},
    {"waits for its retry", RELAY_REFUSES_FOR_NOW, "offset"},
};

static void a_replayed_record_is_told_again_and_mailed_never(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof replayed / sizeof *replayed; i++) {
        print_message("  %s\n", replayed[i].name);
        world_open(&world);
        struct kafka_record *record = seen(replayed[i].relay);
        for (unsigned again = 0; again < 3; again++) {
            world_pass(&world, 60 * 60 * 1000);
            write_record(record, LANE_REQUESTED);
            assert_journal(&world, replayed[i].requested);
        }
        assert_int_equal(world.mails, 1);
        kafka_record_free(&record);
        world_close(&world);
    }
}

/* A day later its date alone is enough: nobody asks Redis, which forgets it in time. */
static void a_record_replayed_after_a_day_is_too_old(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    world_pass(&world, INT64_C(80) * 60 * 60 * 1000);
    write_record(record, LANE_REQUESTED);
    assert_journal(&world, "expired, offset");
    assert_string_equal(world.audit.reason, "too_old");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
}

/* The record with headers of a retry copy in front of its own: as if it had been replayed and tried often. */
static struct kafka_record *dress_up(const struct kafka_record *record)
{
    char t0[24];
    snprintf(t0, sizeof t0, "%lld", (long long)record->timestamp_ms);
    const struct kafka_record_header headers[] = {
        {"generation", TEXT("9")}, {"copy", TEXT("9")},     {"attempt", TEXT("0")},
        {"t0", text_of(t0)},       {"retry-at", TEXT("0")}, record->headers[0],
    };
    struct kafka_record dressed = *record;
    dressed.headers = headers;
    dressed.header_count = sizeof headers / sizeof *headers;
    return kafka_record_copy(&dressed);
}

static void a_record_moved_to_a_retry_topic_is_dead_or_known(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS), *dressed = dress_up(record);
    write_record(record, 1); /* without the headers that copies have */
    assert_nobody_believes_it("schema");
    write_record(dressed, 1);
    assert_journal(&world, "sent, offset");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
    kafka_record_free(&dressed);
}

static void a_copy_moved_to_the_requested_topic_is_what_its_value_says_and_no_copy(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_REFUSES_FOR_NOW), *dressed = dress_up(record);
    struct kafka_record *copy = kafka_record_copy(world.copy.record);
    write_record(copy, LANE_REQUESTED);
    assert_journal(&world, "offset"); /* its successor is known */
    write_record(dressed, LANE_REQUESTED);
    assert_journal(&world, "offset");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
    kafka_record_free(&dressed);
    kafka_record_free(&copy);
}

static void a_dead_letter_moved_to_the_requested_topic_is_buried_again(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_REFUSES);
    struct kafka_record *letter = kafka_record_copy(world.dead_letter.record);
    write_record(letter, LANE_REQUESTED);
    assert_nobody_believes_it("refused");
    write_record(letter, 1);
    assert_nobody_believes_it("refused");
    kafka_record_free(&record);
    kafka_record_free(&letter);
}

static void a_record_under_another_users_key_is_still_what_its_value_says(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    record->key = TEXT("acme/somebody-else");
    write_record(record, LANE_REQUESTED);
    assert_journal(&world, "sent, offset");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
}

static void records_in_another_order_leave_the_newest_link(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    world_event(&world, (struct occasion){.id = OTHER_ID, .late_ms = 1000});
    world_run(&world);
    assert_journal(&world, "suppressed, offset");
    assert_string_equal(world.audit.reason, "superseded");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
}

static void copies_in_another_order_are_tried_once_each_at_most(void **state)
{
    (void)state;
    world.relay[1] = RELAY_REFUSES_FOR_NOW;
    struct kafka_record *record = seen(RELAY_REFUSES_FOR_NOW);
    struct kafka_record *first = kafka_record_copy(world.copy.record);
    world_redeliver(&world);
    world_run(&world);
    assert_int_equal(world.mails, 2);
    buffer_reset(&world.journal);
    write_record(first, 1); /* its successor is known */
    assert_journal(&world, "offset");
    world_redeliver(&world);
    world_run(&world);
    assert_journal(&world, "leased, mail, dot, sent, sent, offset");
    write_record(first, 1);
    assert_journal(&world, "offset");
    assert_int_equal(world.mails, 3);
    kafka_record_free(&record);
    kafka_record_free(&first);
}

static const struct date {
    int64_t ahead_ms;
    bool mailed;
} dates[] = {{5 * 60 * 1000, true}, {5 * 60 * 1000 + 1, false}, {INT64_C(3650) * 24 * 60 * 60 * 1000, false}};

static void an_event_dated_in_the_future_is_dead_from_five_minutes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        world_open(&world);
        world_event(&world, (struct occasion){.ahead_ms = dates[i].ahead_ms});
        world_run(&world);
        assert_journal(&world, dates[i].mailed ? "leased, mail, dot, sent, sent, offset"
                                               : "dead letter, dead, offset");
        assert_string_equal(world.audit.reason, dates[i].mailed ? "none" : "time");
        world_close(&world);
    }
}

/* A service whose clock is fast would otherwise have the last word on every link. */
static void the_order_of_requests_is_kafkas_and_never_that_of_their_dates(void **state)
{
    (void)state;
    world_event(&world, (struct occasion){.ahead_ms = 4 * 60 * 1000});
    world_run(&world);
    world_pass(&world, 61000);
    buffer_reset(&world.journal);
    /* Dated before the first, written after it. */
    world_event(&world, (struct occasion){.id = OTHER_ID, .ahead_ms = -4 * 60 * 1000});
    world_run(&world);
    assert_string_equal(world.audit.outcome, "sent");
    assert_int_equal(world.mails, 2);
    buffer_reset(&world.journal);
    world_give_again(&world);
    world_run(&world);
    assert_string_equal(world.audit.outcome, "sent");
    assert_int_equal(world.mails, 2);
}

static void another_address_under_an_id_that_is_known_is_denied(void **state)
{
    (void)state;
    struct kafka_record *record = seen(RELAY_ACCEPTS);
    world_event(&world, (struct occasion){.email = "mallory@acme.example"});
    world_run(&world);
    assert_journal(&world, "denied, offset");
    assert_string_equal(world.audit.reason, "id_reused");
    assert_int_equal(world.mails, 1);
    kafka_record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_record_with_any_bit_turned_is_dead),
        IN_A_WORLD(a_record_cut_anywhere_is_dead),
        IN_A_WORLD(a_forged_record_is_dead),
        cmocka_unit_test(a_replayed_record_is_told_again_and_mailed_never),
        IN_A_WORLD(a_record_replayed_after_a_day_is_too_old),
        IN_A_WORLD(a_record_moved_to_a_retry_topic_is_dead_or_known),
        IN_A_WORLD(a_copy_moved_to_the_requested_topic_is_what_its_value_says_and_no_copy),
        IN_A_WORLD(a_dead_letter_moved_to_the_requested_topic_is_buried_again),
        IN_A_WORLD(a_record_under_another_users_key_is_still_what_its_value_says),
        IN_A_WORLD(records_in_another_order_leave_the_newest_link),
        IN_A_WORLD(copies_in_another_order_are_tried_once_each_at_most),
        cmocka_unit_test(an_event_dated_in_the_future_is_dead_from_five_minutes_on),
        IN_A_WORLD(the_order_of_requests_is_kafkas_and_never_that_of_their_dates),
        IN_A_WORLD(another_address_under_an_id_that_is_known_is_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
