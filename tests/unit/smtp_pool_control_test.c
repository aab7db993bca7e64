/* What the owner of a mail may still decide, and how a pool begins and ends. */
#include "support.h"

#include <event2/event.h>

#include "support/smtp_world.h"

static void without_the_word_no_dot_is_sent(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    smtp_world_open_pool(world);
    smtp_world_submit(world)->denied = true;
    smtp_world_submit(world);
    smtp_world_run_done(world, 2);
    assert_smtp_result(&world->mails[0], "withheld/content/caller/0");
    assert_int_equal(world->mails[0].at_dot, 0);
    assert_smtp_result(&world->mails[1], SMTP_WORLD_ACCEPTED);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 1);
    smtp_world_free(world);
}

static void cancelled_before_the_dot_is_withheld(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DATA", RELAY_SILENCE, 1, 1}}};
    struct smtp_world *world = smtp_world_new(&script);
    smtp_world_open_pool(world);
    struct smtp_world_mail *sending = smtp_world_submit(world), *queued = smtp_world_submit(world),
                           *other = smtp_world_submit(world);
    smtp_pool_cancel(world->pool, queued->delivery);
    assert_int_equal(queued->done, 0);
    smtp_world_run_done(world, 1);
    assert_smtp_result(queued, "withheld/none/caller/0");
    while (!strstr(smtp_relay_memory(world->relay)->commands, "DATA"))
        event_base_loop(world->base, EVLOOP_ONCE);
    smtp_pool_cancel(world->pool, sending->delivery);
    assert_int_equal(sending->done, 0);
    smtp_world_run_done(world, 3);
    assert_int_equal(sending->result.kind, SMTP_WITHHELD);
    assert_smtp_result(other, SMTP_WORLD_ACCEPTED);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 1);
    smtp_world_free(world);
}

static void cancelled_while_asked_is_withheld(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    smtp_world_open_pool(world);
    struct smtp_world_mail *mail = smtp_world_submit(world);
    mail->cancel_when_asked = mail->denied = true;
    smtp_world_run_done(world, 1);
    assert_int_equal(mail->result.kind, SMTP_WITHHELD);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 0);
    smtp_world_free(world);
}

/* The relay has the whole mail: nothing can be called back. */
static void at_the_dot_a_cancel_or_an_abort_waits_for_the_answer(void **state)
{
    (void)state;
    for (int aborted = 0; aborted < 2; aborted++) {
        const struct smtp_relay_script script = {.offers = "PIPELINING",
                                                 .faults = {{"DOT", RELAY_SILENCE, 1, 1}}};
        struct smtp_world *world = smtp_world_new(&script);
        smtp_world_open_pool(world);
        struct smtp_world_mail *mail = smtp_world_submit(world);
        while (smtp_relay_memory(world->relay)->mails == 0)
            event_base_loop(world->base, EVLOOP_ONCE);
        if (aborted)
            smtp_pool_abort(world->pool, mail->delivery);
        else
            smtp_pool_cancel(world->pool, mail->delivery);
        event_base_loop(world->base, EVLOOP_ONCE);
        smtp_relay_say(world->relay, "250 2.0.0 queued\r\n");
        smtp_world_run_done(world, 1);
        assert_smtp_result(mail, SMTP_WORLD_ACCEPTED);
        smtp_world_free(world);
    }
}

static void what_the_socket_has_not_got_rid_of_is_thrown_away_by_an_abort(void **state)
{
    (void)state;
    static char message[60000];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = "end of line, and on it goes\r\n"[i % 29];
    memcpy(message + sizeof message - 4, "..\r\n", 4);
    const struct smtp_relay_script script = {.offers = "PIPELINING", .deaf = true};
    struct smtp_world *world = smtp_world_new(&script);
    world->message = (struct text){message, sizeof message};
    smtp_world_open_pool(world);
    struct smtp_world_mail *mail = smtp_world_submit(world);
    mail->abort_at_dot = true;
    smtp_world_run_done(world, 1);
    assert_smtp_result(mail, "uncertain/dot/cut/0");
    smtp_relay_hear(world->relay); /* what has come so far, and what would come */
    while (smtp_relay_memory(world->relay)->open > 0)
        event_base_loop(world->base, EVLOOP_ONCE);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 0);
    smtp_world_free(world);
}

static void the_readiness_asks_for_one_connection(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.connections = 4;
    smtp_world_open_pool(world);
    smtp_pool_connect(world->pool);
    while (world->connected == 0)
        event_base_loop(world->base, EVLOOP_ONCE);
    smtp_pool_connect(world->pool);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    assert_int_equal(world->connected, 1);
    smtp_world_free(world);
}

/* A circuit breaker's delay may be over at once; an answer that never came would leave it half open for ever.
 */
static void asked_again_at_the_moment_of_failure_it_connects_again(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(
        &(struct smtp_relay_script){.offers = "", .faults = {{"GREETING", "421 4.3.2 closing\r\n", 1, 1}}});
    world->asks_again = true;
    smtp_world_open_pool(world);
    smtp_pool_connect(world->pool);
    event_base_loopexit(world->base, &(struct timeval){.tv_sec = 10});
    while (world->connected == 0 && !event_base_got_exit(world->base))
        event_base_loop(world->base, EVLOOP_ONCE);
    assert_int_equal(world->connected, 1);
    assert_int_equal(world->failed, 1);
    smtp_world_free(world);
}

static void a_closed_pool_leaves_nothing_undone(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DOT", RELAY_SILENCE, 1, 0}}};
    struct smtp_world *world = smtp_world_new(&script);
    smtp_world_open_pool(world);
    for (int i = 0; i < 3; i++)
        smtp_world_submit(world);
    smtp_world_run_until(world, 0, 1);
    smtp_pool_free(&world->pool);
    assert_int_equal(world->mails[0].result.kind, SMTP_UNCERTAIN);
    assert_int_equal(world->mails[1].result.kind, SMTP_UNAVAILABLE);
    assert_int_equal(world->mails[2].result.kind, SMTP_UNAVAILABLE);
    smtp_world_free(world);
}

static void a_drained_pool_ends_what_it_has_and_takes_nothing(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    smtp_world_open_pool(world);
    for (int i = 0; i < 3; i++)
        smtp_world_submit(world);
    smtp_pool_drain(world->pool);
    assert_int_equal(smtp_pool_room(world->pool), 0);
    smtp_world_run_done(world, 3);
    smtp_world_run_closed(world);
    for (int i = 0; i < 3; i++)
        assert_smtp_result(&world->mails[i], SMTP_WORLD_ACCEPTED);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 1);
    smtp_world_free(world);
}

static void a_full_pool_says_so(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    struct error error;
    smtp_world_open_pool(world);
    while (smtp_pool_room(world->pool) > 0)
        smtp_world_submit(world);
    const struct smtp_submission one_more = {.recipient = TEXT("a@example.com"),
                                             .message = TEXT(SMTP_WORLD_MESSAGE)};
    assert_int_equal(smtp_pool_submit(world->pool, &one_more, NULL, &error), STATUS_FULL);
    smtp_world_run_done(world, world->submitted);
    assert_true(smtp_pool_room(world->pool) > 0);
    smtp_world_free(world);
}

static void without_a_free_connection_the_wait_has_an_end(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "", .faults = {{"DOT", RELAY_SILENCE, 1, 0}}};
    struct smtp_world *world = smtp_world_new(&script);
    world->settings.queue = 1500; /* a busy machine needs some of it for the first mail */
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_until(world, 0, 1);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    assert_smtp_result(&world->mails[1], "unavailable/none/queue/0");
    smtp_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_word_no_dot_is_sent),
        cmocka_unit_test(cancelled_before_the_dot_is_withheld),
        cmocka_unit_test(cancelled_while_asked_is_withheld),
        cmocka_unit_test(at_the_dot_a_cancel_or_an_abort_waits_for_the_answer),
        cmocka_unit_test(what_the_socket_has_not_got_rid_of_is_thrown_away_by_an_abort),
        cmocka_unit_test(the_readiness_asks_for_one_connection),
        cmocka_unit_test(asked_again_at_the_moment_of_failure_it_connects_again),
        cmocka_unit_test(a_closed_pool_leaves_nothing_undone),
        cmocka_unit_test(a_drained_pool_ends_what_it_has_and_takes_nothing),
        cmocka_unit_test(a_full_pool_says_so),
        cmocka_unit_test(without_a_free_connection_the_wait_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
