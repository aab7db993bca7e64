/* How mails share connections: growth, pipelining, resets, retirement, stalls. */
#include "support.h"

#include <event2/event.h>

#include "support/smtp_world.h"

static void a_mail_arrives_as_it_was_written(void **state)
{
    static const char *const offers[] = {"PIPELINING", "", "PIPELINING SIZE=1000 ENHANCEDSTATUSCODES"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct smtp_world *world =
            smtp_world_new(&(struct smtp_relay_script){.offers = offers[i % 3], .fragments = i >= 3});
        smtp_world_open_pool(world);
        const struct smtp_world_mail *mail = smtp_world_submit(world);
        smtp_world_run_done(world, 1);
        assert_smtp_result(mail, SMTP_WORLD_ACCEPTED);
        assert_string_equal(smtp_relay_memory(world->relay)->content, SMTP_WORLD_MESSAGE);
        assert_int_equal(mail->asked, 1);
        assert_int_equal(mail->at_dot, 1);
        smtp_world_free(world);
    }
}

static void mails_share_a_round_trip_only_where_the_relay_pipelines(void **state)
{
    (void)state;
    for (int pipelining = 0; pipelining < 2; pipelining++) {
        struct smtp_world *world =
            smtp_world_new(&(struct smtp_relay_script){.offers = pipelining ? "PIPELINING" : ""});
        smtp_world_open_pool(world);
        for (int i = 0; i < 3; i++)
            smtp_world_submit(world);
        assert_int_equal(smtp_pool_room(world->pool), 0);
        smtp_world_run_done(world, 3);
        assert_int_equal(world->connected, 1);
        assert_int_equal(smtp_relay_memory(world->relay)->mails, 3);
        assert_int_equal(smtp_relay_memory(world->relay)->groups, pipelining ? 2 : 0);
        smtp_world_free(world);
    }
}

static void refused_recipients_cost_a_reset_and_no_connection(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        const struct smtp_relay_script script = {.offers = way & 1 ? "PIPELINING" : "",
                                                 .lenient = way & 2,
                                                 .faults = {{"RCPT", "550 5.1.1 no\r\n", 3, 12}}};
        struct smtp_world *world = smtp_world_new(&script);
        smtp_world_open_pool(world);
        for (size_t i = 0; i < 20; i++) {
            smtp_world_submit(world);
            if (smtp_pool_room(world->pool) == 0)
                smtp_world_run_done(world, i);
        }
        smtp_world_run_done(world, 20);
        for (size_t i = 0; i < 20; i++)
            assert_smtp_result(&world->mails[i],
                               i >= 2 && i < 12 ? "refused!/rcpt/reply/550" : SMTP_WORLD_ACCEPTED);
        assert_int_equal(world->connected, 1);
        assert_int_equal(smtp_relay_memory(world->relay)->mails, 10);
        assert_int_equal(smtp_relay_memory(world->relay)->resets, 10);
        assert_int_equal(smtp_relay_memory(world->relay)->empty_dots, way == 3 ? 10 : 0);
        smtp_world_free(world);
    }
}

static void connections_grow_with_demand_up_to_the_limit(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.connections = 4;
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    smtp_world_submit(world);
    smtp_world_run_done(world, 2);
    assert_int_equal(world->connected, 1);
    assert_int_equal(smtp_pool_room(world->pool), 12);
    for (int i = 0; i < 12; i++)
        smtp_world_submit(world);
    smtp_world_run_done(world, 14);
    assert_int_equal(smtp_relay_memory(world->relay)->most, 4);
    smtp_world_free(world);
}

static void a_relay_that_wants_fewer_connections_gets_all_mails_over_those(void **state)
{
    (void)state;
    struct smtp_world *world =
        smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING", .connections = 2});
    world->settings.connections = 8;
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    for (int i = 0; i < 24; i++)
        smtp_world_submit(world);
    smtp_world_run_done(world, 25);
    for (int i = 0; i < 25; i++)
        assert_smtp_result(&world->mails[i], SMTP_WORLD_ACCEPTED);
    assert_true(world->failed > 0);
    assert_int_equal(world->last_failure, SMTP_REASON_CONNECT);
    smtp_world_free(world);
}

static void a_connection_retires_after_its_share(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.messages_per_connection = 3;
    smtp_world_open_pool(world);
    for (size_t i = 0; i < 9; i++) {
        smtp_world_submit(world);
        if (smtp_pool_room(world->pool) == 0)
            smtp_world_run_done(world, i);
    }
    smtp_world_run_done(world, 9);
    smtp_world_run_closed(world);
    assert_int_equal(world->connected, 3);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 3);
    smtp_world_free(world);
}

static void an_idle_connection_says_quit(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.idle = 20;
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    smtp_world_run_closed(world);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 1);
    smtp_world_free(world);
}

static void a_recipient_stalled_at_the_dot_holds_up_nobody(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DOT", RELAY_SILENCE, 1, 1}}};
    struct smtp_world *world = smtp_world_new(&script);
    struct smtp_pool_state pool;
    world->settings.connections = 2;
    world->settings.ahead_patience = 10;
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_until(world, 0,
                         1); /* it stalls: alone, so the next ones find one connection busy and one to open */
    for (int i = 0; i < 5; i++)
        smtp_world_submit(world);
    smtp_world_run_done(world, 5);
    assert_int_equal(world->mails[0].done, 0);
    for (int i = 1; i < 6; i++)
        assert_smtp_result(&world->mails[i], SMTP_WORLD_ACCEPTED);
    smtp_relay_say(world->relay, "250 2.0.0 queued\r\n");
    smtp_world_run_done(world, 6);
    assert_smtp_result(&world->mails[0], SMTP_WORLD_ACCEPTED);
    smtp_pool_state(world->pool, &pool);
    assert_int_equal(pool.accepted, 6);
    assert_true(pool.moved >= 1); /* more than once where the machine is slower than the patience */
    smtp_world_free(world);
}

/* Whether each of the first `count` mails is done; the stalled one alone may be at its dot. */
static bool all_had_their_turn(const struct smtp_world *world, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (world->mails[i].done == 0 && world->mails[i].at_dot == 0)
            return false;
    return true;
}

/* With all connections taken for good, the mail that moved away from a stall still gets its turn: however
 * often a busy machine makes it move, the stream beside it does not go on for ever without it. */
static void a_mail_that_moved_is_not_starved_by_a_stream_of_others(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DOT", RELAY_SILENCE, 1, 1}}};
    struct smtp_world *world = smtp_world_new(&script);
    struct smtp_pool_state pool = {0};
    size_t before_it_moved = 0;
    world->settings.connections = 2;
    world->settings.ahead_patience = 1;
    smtp_world_open_pool(world);
    while (pool.moved == 0 || !all_had_their_turn(world, before_it_moved)) {
        while (smtp_pool_room(world->pool) > 0)
            smtp_world_submit(world);
        if (pool.moved == 0)
            before_it_moved = world->submitted;
        smtp_world_run_done(world, world->done + 1);
        smtp_pool_state(world->pool, &pool);
    }
    smtp_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_arrives_as_it_was_written),
        cmocka_unit_test(mails_share_a_round_trip_only_where_the_relay_pipelines),
        cmocka_unit_test(refused_recipients_cost_a_reset_and_no_connection),
        cmocka_unit_test(connections_grow_with_demand_up_to_the_limit),
        cmocka_unit_test(a_relay_that_wants_fewer_connections_gets_all_mails_over_those),
        cmocka_unit_test(a_connection_retires_after_its_share),
        cmocka_unit_test(an_idle_connection_says_quit),
        cmocka_unit_test(a_recipient_stalled_at_the_dot_holds_up_nobody),
        cmocka_unit_test(a_mail_that_moved_is_not_starved_by_a_stream_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
