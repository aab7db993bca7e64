/* Each call for memory fails once, on every way that an event may take: nobody crashes, the event is not left
 * lying, nothing is given up for it, and what was acknowledged stays in order. */
#include "support.h"

#include <stdio.h>

#include "pipeline/world.h"
#include "support/failing_memory.h"

static struct world world;
static char under_way[120];

static const struct course {
    const char *name;
    enum relay relay;
    struct occasion occasion;
    const char *outcome; /* of the last audit record */
} courses[] = {
    {"accepted", RELAY_ACCEPTS, {0}, "sent"},
    {"refused for now", RELAY_REFUSES_FOR_NOW, {0}, "deferred"},
    {"refused", RELAY_REFUSES, {0}, "dead"},
    {"unknown user", RELAY_ACCEPTS, {.user = "null"}, "suppressed"},
    {"forged", RELAY_ACCEPTS, {.wrong_secret = true}, "dead"},
    {"mailed password", RELAY_ACCEPTS, {.method = METHOD_TEMPORARY_PASSWORD_MAILED}, "sent"},
    {"changed", RELAY_ACCEPTS, {.method = METHOD_PASSWORD_CHANGED}, "sent"},
};

/* False: there are not so many calls on this course. */
static bool walk(const struct course *course, unsigned nth)
{
    snprintf(under_way, sizeof under_way, "%s, without memory at call %u", course->name, nth);
    world_open(&world);
    world.relay[0] = course->relay;
    memory_fail(nth, 0);
    world_event(&world, course->occasion);
    world_finish(&world);
    bool struck = memory_recover() > 0;
    buffer_append_byte(&world.journal, '\0');
    assert_true(world.completed[WORLD_OFFSET]);
    assert_non_null(world.audit.record);
    assert_string_equal(world.audit.outcome, course->outcome);
    assert_int_equal(world.mails_out, strcmp(course->outcome, "sent") == 0);
    world_close(&world);
    return struck;
}

static void an_event_ends_as_ever_wherever_memory_is_missing_once(void **state)
{
    (void)state;
    walk(&courses[0], 0); /* what is made once for all worlds */
    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
        unsigned nth = 1;
        while (walk(&courses[i], nth))
            nth++;
        assert_true(nth > 3); /* else memory is asked for elsewhere */
    }
    under_way[0] = '\0';
}

static void a_due_copy_without_memory_for_it_starts_later(void **state)
{
    (void)state;
    world_open(&world);
    world.relay[0] = RELAY_REFUSES_FOR_NOW;
    world_event(&world, (struct occasion){0});
    world_finish(&world);
    memory_spared++;
    struct kafka_record *copy = kafka_record_copy(world.copy.record);
    memory_spared--;
    copy->reference = (struct kafka_reference){.lane = 1, .epoch = world.epoch, .offset = WORLD_OFFSET + 1};
    assert_true(intake_record(&world.worker, 1, copy));
    memory_fail(1, 1);
    world_pass(&world, 60000);
    assert_int_equal(world.worker.job_count, 0);
    assert_true(memory_recover() > 0);
    world_pass(&world, 100);
    world_finish(&world);
    assert_true(world.completed[WORLD_OFFSET + 1]);
    assert_string_equal(world.audit.outcome, "sent");
    world_close(&world);
}

static int tell_where_it_failed(void **state)
{
    (void)state;
    memory_recover();
    if (under_way[0])
        print_error("%s: %.*s\n", under_way, (int)world.journal.size, world.journal.bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_event_ends_as_ever_wherever_memory_is_missing_once,
                                  tell_where_it_failed),
        cmocka_unit_test_teardown(a_due_copy_without_memory_for_it_starts_later, tell_where_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
