/* A record is a whole copy: what was absent stays absent, what was empty stays empty, and the last header
 * counts. */
#include "support.h"

#include "io/kafka_assignment.h"
#include "io/kafka_record.h"

static void a_copy_keeps_everything_and_needs_nothing(void **state)
{
    (void)state;
    char key[] = "acme/u1", value[] = "{}", name[] = "reason", first[] = "old", second[] = "new";
    const struct kafka_record_header headers[] = {
        {name, {first, 3}}, {"nothing", {NULL, 0}}, {"empty", {"", 0}}, {name, {second, 3}}};
    const struct kafka_record original = {.reference = {.lane = 1, .partition = 2, .epoch = 3, .offset = 4},
                                          .topic = "requested",
                                          .timestamp_ms = 5,
                                          .timestamp_type = KAFKA_TIMESTAMP_LOG_APPEND,
                                          .key = {key, 7},
                                          .value = {value, 2},
                                          .headers = headers,
                                          .header_count = 4};
    struct kafka_record *copy = kafka_record_copy(&original);
    struct text found;
    assert_non_null(copy);
    memset(key, 'x', 7);
    memset(value, 'x', 2);
    memset(second, 'x', 3);
    memset(name, 'x', 6);
    assert_true(text_equal(copy->key, TEXT("acme/u1")));
    assert_true(text_equal(copy->value, TEXT("{}")));
    assert_string_equal(copy->topic, "requested");
    assert_int_equal(copy->reference.offset, 4);
    assert_true(kafka_record_header(copy, "reason", &found));
    assert_true(text_equal(found, TEXT("new")));
    assert_true(kafka_record_header(copy, "nothing", &found));
    assert_null(found.bytes);
    assert_true(kafka_record_header(copy, "empty", &found));
    assert_non_null(found.bytes);
    assert_int_equal(found.size, 0);
    assert_false(kafka_record_header(copy, "other", &found));
    kafka_record_free(&copy);
    assert_null(copy);
}

static void a_tombstone_has_no_value(void **state)
{
    (void)state;
    const struct kafka_record original = {.topic = "t"};
    struct kafka_record *copy = kafka_record_copy(&original);
    assert_null(copy->value.bytes);
    assert_null(copy->key.bytes);
    kafka_record_free(&copy);
}

static void a_reference_of_an_old_epoch_finds_nothing(void **state)
{
    (void)state;
    struct kafka_assignment assignment;
    const struct kafka_partition ids[] = {
        {.lane = 1, .partition = 0}, {.lane = 0, .partition = 5}, {.lane = 0, .partition = 2}};
    kafka_assignment_init(&assignment);
    assert_int_equal(kafka_assignment_set(&assignment, ids, 3), STATUS_OK);
    struct kafka_share *share = kafka_assignment_find(&assignment, 0, 5);
    assert_non_null(share);
    assert_null(kafka_assignment_find(&assignment, 1, 5));
    struct kafka_reference reference = {.lane = 0, .partition = 5, .epoch = share->id.epoch};
    assert_ptr_equal(kafka_assignment_of(&assignment, reference), share);
    kafka_assignment_rewind(&assignment, share);
    assert_null(kafka_assignment_of(&assignment, reference));
    reference.epoch = share->id.epoch;
    assert_int_equal(kafka_assignment_set(&assignment, ids, 3), STATUS_OK);
    assert_null(kafka_assignment_of(&assignment, reference));
    assert_non_null(kafka_assignment_find(&assignment, 0, 5));
    kafka_assignment_clear(&assignment);
    assert_null(kafka_assignment_find(&assignment, 0, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_keeps_everything_and_needs_nothing),
        cmocka_unit_test(a_tombstone_has_no_value),
        cmocka_unit_test(a_reference_of_an_old_epoch_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
