/* The last connection breaks after its dot: its mail is uncertain, and what waits behind it is not lost with
 * it. */
#include "support.h"

#include "support/smtp_world.h"

static void the_others_go_out_over_a_new_one(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        const struct smtp_relay_script script = {.offers = way & 1 ? "PIPELINING" : "",
                                                 .faults = {{"DOT", RELAY_CUT, 1, 1}}};
        struct smtp_world *world = smtp_world_new(&script);
        smtp_world_open_pool(world);
        for (int i = 0; i < 3; i++)
            smtp_world_submit(world);
        if (way & 2) /* the worker ends meanwhile */
            smtp_pool_drain(world->pool);
        smtp_world_run_done(world, 3);
        assert_smtp_result(&world->mails[0], "uncertain/dot/cut/0");
        for (int i = 1; i < 3; i++)
            assert_smtp_result(&world->mails[i], SMTP_WORLD_ACCEPTED);
        assert_int_equal(world->connected, 2);
        if (way & 2)
            smtp_world_run_closed(world);
        smtp_world_free(world);
    }
}

static void without_another_one_they_are_given_back(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        const struct smtp_relay_script script = {
            .offers = way & 1 ? "PIPELINING" : "",
            .faults = {{"DOT", RELAY_CUT, 1, 1}, {"GREETING", "421 4.3.2 gone\r\n", 2, 0}}};
        struct smtp_world *world = smtp_world_new(&script);
        smtp_world_open_pool(world);
        for (int i = 0; i < 3; i++)
            smtp_world_submit(world);
        if (way & 2)
            smtp_pool_drain(world->pool);
        smtp_world_run_done(world, 3);
        assert_smtp_result(&world->mails[0], "uncertain/dot/cut/0");
        for (int i = 1; i < 3; i++)
            assert_smtp_result(&world->mails[i], "unavailable/connect/connect/0");
        if (way & 2)
            smtp_world_run_closed(world);
        smtp_world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_others_go_out_over_a_new_one),
        cmocka_unit_test(without_another_one_they_are_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
