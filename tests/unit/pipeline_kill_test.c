/* A worker that dies at any moment of any method's way: the next one brings the event to its one end, a
 * second mail is the same mail again, and what had to be told was told before the offset. */
#include "support.h"

#include <stdio.h>

#include "pipeline/world.h"

#define LEASE_OVER_MS 60000

static struct world world;
static char under_way[120];

static const struct course {
    const char *name;
    enum method method;
    enum relay relay;
    bool staged;
    const char *state; /* in the end */
} courses[] = {
    {"link", METHOD_LINK, RELAY_ACCEPTS, false, "sent"},
    {"mailed password", METHOD_TEMPORARY_PASSWORD_MAILED, RELAY_ACCEPTS, false, "sent"},
    {"mailed password, refused", METHOD_TEMPORARY_PASSWORD_MAILED, RELAY_REFUSES, false, "dead"},
    {"handed password", METHOD_TEMPORARY_PASSWORD_HANDED, RELAY_ACCEPTS, true, "sent"},
    {"chosen password that lapsed", METHOD_TEMPORARY_PASSWORD_CHOSEN, RELAY_ACCEPTS, false, "expired"},
    {"changed password", METHOD_PASSWORD_CHANGED, RELAY_ACCEPTS, false, "sent"},
    {"changed password, refused", METHOD_PASSWORD_CHANGED, RELAY_REFUSES, false, "dead"},
};

static void begin(const struct course *course)
{
    world_open(&world);
    for (unsigned i = 0; i < WORLD_MAILS; i++)
        world.relay[i] = course->relay;
    if (course->staged)
        world_stage(&world, course->method);
    world_event(&world, (struct occasion){.method = course->method});
}

static void check(const struct course *course)
{
    struct request_record record;
    buffer_append_byte(&world.journal, '\0');
    assert_true(world_request(&world, &record));
    assert_string_equal(request_state_name(record.state), course->state);
    assert_string_equal(world.audit.outcome, course->state);
    assert_true(world.completed[WORLD_OFFSET]);
    assert_in_range(world.mails_out, 0, 2);
    if (course->method == METHOD_PASSWORD_CHANGED)
        assert_non_null(world.completed_audit.record);
    bool may_be_out = strstr(world.journal.bytes, "dot, killed") != NULL;
    if (may_be_out)
        assert_string_equal(world.message_ids[0], world.message_ids[world.mails - 1]);
    assert_true(world.mails_out <= 1 || may_be_out);
}

/* False: it was over before so many turns. */
static bool dies_after(const struct course *course, unsigned turns)
{
    snprintf(under_way, sizeof under_way, "%s, killed after %u turns", course->name, turns);
    begin(course);
    world_turns(&world, turns);
    bool over = world.completed[WORLD_OFFSET];
    world_kill(&world);
    if (!over) {
        world_pass(&world, LEASE_OVER_MS);
        world_give_again(&world);
        world_finish(&world);
    }
    check(course);
    world_close(&world);
    return !over;
}

static void whoever_comes_after_a_kill_brings_the_event_to_its_one_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
        unsigned turns = 0;
        while (dies_after(&courses[i], turns))
            turns++;
        assert_true(turns >= 2); /* else nobody died */
    }
    under_way[0] = '\0';
}

static int tell_where_it_failed(void **state)
{
    (void)state;
    if (under_way[0])
        print_error("%s: %.*s\n", under_way, (int)world.journal.size, world.journal.bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whoever_comes_after_a_kill_brings_the_event_to_its_one_end,
                                  tell_where_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
