/* The pool against a scripted relay in the same loop: every submission has exactly one end, and the right
 * one. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "support/smtp_relay.h"
#include "worker/smtp/pool.h"

#define MAILS   64
#define MESSAGE "Subject: x\r\n\r\n.leading dot\r\n.\r\nend\r\n"

struct mail {
    struct world *world;
    struct smtp_delivery *delivery;
    struct smtp_result result;
    unsigned done, asked, at_dot;
    bool denied, abort_at_dot, cancel_when_asked;
};

struct world {
    struct event_base *base;
    struct smtp_relay *relay;
    struct smtp_pool *pool;
    struct smtp_settings settings;
    struct mail mails[MAILS];
    size_t submitted, done, connected, failed;
    size_t wanted_done, wanted_dots, dots;
    enum smtp_reason last_failure;
    struct error failure;
};

static void look(struct world *world)
{
    if ((world->wanted_done > 0 && world->done >= world->wanted_done) ||
        (world->wanted_dots > 0 && world->dots >= world->wanted_dots))
        event_base_loopbreak(world->base);
}

static bool may_send_dot(void *context)
{
    struct mail *mail = context;
    mail->asked++;
    if (mail->cancel_when_asked)
        smtp_pool_cancel(mail->world->pool, mail->delivery);
    return !mail->denied;
}

static void at_dot(void *context)
{
    struct mail *mail = context;
    mail->at_dot++;
    mail->world->dots++;
    if (mail->abort_at_dot)
        smtp_pool_abort(mail->world->pool, mail->delivery);
    look(mail->world);
}

static void done(void *context, const struct smtp_result *result)
{
    struct mail *mail = context;
    mail->done++;
    mail->result = *result;
    mail->world->done++;
    look(mail->world);
}

static void connected(void *context)
{
    struct world *world = context;
    world->connected++;
}

static void connect_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    struct world *world = context;
    world->failed++;
    world->last_failure = reason;
    world->failure = *error;
}

static struct world *world_new(const struct smtp_relay_script *script)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    signal(SIGPIPE, SIG_IGN);
    world->base = event_base_new();
    if (script)
        world->relay = smtp_relay_new(world->base, script);
    smtp_settings_default(&world->settings);
    world->settings.url = script ? smtp_relay_url(world->relay) : "smtp://127.0.0.1:9";
    world->settings.tls_required = false;
    world->settings.connections = 1;
    world->settings.envelope_from = "bounce@example.org";
    return world;
}

static void open_pool(struct world *world)
{
    const struct smtp_pool_observer observer = {world, connected, connect_failed};
    struct error error;
    assert_ok(smtp_pool_new(world->base, &world->settings, &observer, &world->pool, &error), &error);
}

static void world_free(struct world *world)
{
    smtp_pool_free(&world->pool);
    for (size_t i = 0; i < world->submitted; i++)
        assert_int_equal(world->mails[i].done, 1);
    smtp_relay_free(&world->relay);
    event_base_free(world->base);
    free(world);
}

static struct mail *submit(struct world *world)
{
    struct mail *mail = &world->mails[world->submitted++];
    const struct smtp_submission submission = {
        .recipient = TEXT("someone@example.com"),
        .message = TEXT(MESSAGE),
        .context = mail,
        .may_send_dot = may_send_dot,
        .at_dot = at_dot,
        .done = done,
    };
    struct error error;
    mail->world = world;
    assert_ok(smtp_pool_submit(world->pool, &submission, &mail->delivery, &error), &error);
    return mail;
}

static void too_late(evutil_socket_t socket, short what, void *argument)
{
    (void)socket;
    (void)what;
    *(bool *)argument = true;
}

/* Runs until `count` mails are done or `dots` are written, and fails when nothing more would ever happen. */
static void run_until(struct world *world, size_t count, size_t dots)
{
    bool late = false;
    struct event *watchdog = evtimer_new(world->base, too_late, &late);
    struct timeval wait = {20, 0};
    evtimer_add(watchdog, &wait);
    world->wanted_done = count;
    world->wanted_dots = dots;
    while (!late && !(count > 0 && world->done >= count) && !(dots > 0 && world->dots >= dots))
        event_base_loop(world->base, EVLOOP_ONCE);
    event_free(watchdog);
    world->wanted_done = world->wanted_dots = 0;
    if (late)
        fail_msg("%zu of %zu mails done, %zu of %zu dots", world->done, count, world->dots, dots);
}

static void run_done(struct world *world, size_t count)
{
    run_until(world, count, 0);
}

/* Runs until the pool has no connection. */
static void run_closed(struct world *world)
{
    struct smtp_pool_state state;
    bool late = false;
    struct event *watchdog = evtimer_new(world->base, too_late, &late);
    struct timeval wait = {20, 0};
    evtimer_add(watchdog, &wait);
    for (smtp_pool_state(world->pool, &state); !late && state.open + state.connecting > 0;
         smtp_pool_state(world->pool, &state))
        event_base_loop(world->base, EVLOOP_ONCE);
    event_free(watchdog);
    assert_false(late);
}

static void assert_result(const struct mail *mail, const char *expected)
{
    char text[96];
    const struct smtp_result *result = &mail->result;
    snprintf(text, sizeof text, "%s%s/%s/%s/%d", smtp_result_kind_name(result->kind),
             result->permanent ? "!" : "", smtp_stage_name(result->stage), smtp_reason_name(result->reason),
             result->code);
    assert_int_equal(mail->done, 1);
    assert_string_equal(text, expected);
}

static const char accepted[] = "accepted/dot/none/250";

static void a_mail_arrives_as_it_was_written(void **state)
{
    static const char *const offers[] = {"PIPELINING", "", "PIPELINING SIZE=1000 ENHANCEDSTATUSCODES"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct world *world =
            world_new(&(struct smtp_relay_script){.offers = offers[i % 3], .fragments = i >= 3});
        open_pool(world);
        const struct mail *mail = submit(world);
        run_done(world, 1);
        assert_result(mail, accepted);
        assert_string_equal(smtp_relay_memory(world->relay)->content, MESSAGE);
        assert_int_equal(mail->asked, 1);
        assert_int_equal(mail->at_dot, 1);
        world_free(world);
    }
}

static const struct {
    struct smtp_relay_fault fault;
    const char *expected; /* of the first mail; the second one is accepted */
    bool costs_connection;
} faults[] = {
    {{"MAIL", "450 4.7.1 later\r\n", 1, 1}, "refused/mail/reply/450", false},
    {{"MAIL", "550 5.7.1 never\r\n", 1, 1}, "refused!/mail/reply/550", false},
    {{"MAIL", "421 4.3.2 bye\r\n", 1, 1}, "unavailable/mail/reply/421", true},
    {{"MAIL", RELAY_CUT, 1, 1}, "unavailable/mail/cut/0", true},
    {{"MAIL", RELAY_SILENCE, 1, 1}, "unavailable/mail/deadline/0", true},
    {{"MAIL", "what?\r\n", 1, 1}, "unavailable/mail/protocol/0", true},
    {{"RCPT", "450-4.2.1 later\r\n450 4.2.1 much\r\n", 1, 1}, "refused/rcpt/reply/450", false},
    {{"RCPT", "550 5.1.1 never\r\n", 1, 1}, "refused!/rcpt/reply/550", false},
    {{"RCPT", "421 4.3.2 bye\r\n", 1, 1}, "unavailable/rcpt/reply/421", true},
    {{"RCPT", RELAY_CUT, 1, 1}, "unavailable/rcpt/cut/0", true},
    {{"RCPT", RELAY_SILENCE, 1, 1}, "unavailable/rcpt/deadline/0", true},
    {{"DATA", "451 4.3.0 later\r\n", 1, 1}, "refused/data/reply/451", false},
    {{"DATA", "554 5.3.0 never\r\n", 1, 1}, "refused!/data/reply/554", false},
    {{"DATA", "421 4.3.2 bye\r\n", 1, 1}, "unavailable/data/reply/421", true},
    {{"DATA", RELAY_CUT, 1, 1}, "unavailable/data/cut/0", true},
    {{"DATA", RELAY_SILENCE, 1, 1}, "unavailable/data/deadline/0", true},
    {{"DOT", "452 4.3.1 full\r\n", 1, 1}, "refused/dot/reply/452", false},
    {{"DOT", "554 5.7.1 spam\r\n", 1, 1}, "refused!/dot/reply/554", false},
    {{"DOT", "421 4.3.2 bye\r\n", 1, 1}, "unavailable/dot/reply/421", true},
    {{"DOT", RELAY_CUT, 1, 1}, "uncertain/dot/cut/0", true},
    {{"DOT", RELAY_SILENCE, 1, 1}, "uncertain/dot/deadline/0", true},
    {{"DOT", "354 more?\r\n", 1, 1}, "uncertain/dot/protocol/0", true},
};

static void a_fault_at_a_stage_is_told_and_the_next_mail_goes_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        for (unsigned way = 0; way < 4; way++) {
            const bool pipelining = way & 1, silence = faults[i].fault.reply && !*faults[i].fault.reply;
            const struct smtp_relay_script script = {
                .offers = pipelining ? "PIPELINING" : "", .fragments = way & 2, .faults = {faults[i].fault}};
            struct world *world = world_new(&script);
            if (silence) {
                const unsigned soon = 60, patient = 15000;
                struct smtp_deadlines *deadlines = &world->settings.deadlines;
                const char *command = faults[i].fault.command;
                deadlines->mail = strcmp(command, "MAIL") == 0 ? soon : patient;
                deadlines->rcpt = strcmp(command, "RCPT") == 0 ? soon : patient;
                deadlines->data = strcmp(command, "DATA") == 0 ? soon : patient;
                deadlines->dot = strcmp(command, "DOT") == 0 ? soon : patient;
            }
            open_pool(world);
            const struct mail *first = submit(world);
            run_done(world, 1);
            assert_result(first, faults[i].expected);
            const struct mail *second = submit(world);
            run_done(world, 2);
            assert_result(second, accepted);
            assert_int_equal(world->connected, faults[i].costs_connection ? 2 : 1);
            assert_int_equal(smtp_relay_memory(world->relay)->mails,
                             1 + (strcmp(faults[i].fault.command, "DOT") == 0));
            world_free(world);
        }
    }
}

static void mails_share_a_round_trip_only_where_the_relay_pipelines(void **state)
{
    (void)state;
    for (int pipelining = 0; pipelining < 2; pipelining++) {
        struct world *world =
            world_new(&(struct smtp_relay_script){.offers = pipelining ? "PIPELINING" : ""});
        open_pool(world);
        for (int i = 0; i < 3; i++)
            submit(world);
        assert_int_equal(smtp_pool_room(world->pool), 0);
        run_done(world, 3);
        assert_int_equal(world->connected, 1);
        assert_int_equal(smtp_relay_memory(world->relay)->mails, 3);
        assert_int_equal(smtp_relay_memory(world->relay)->groups, pipelining ? 2 : 0);
        world_free(world);
    }
}

static void refused_recipients_cost_a_reset_and_no_connection(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        const struct smtp_relay_script script = {.offers = way & 1 ? "PIPELINING" : "",
                                                 .lenient = way & 2,
                                                 .faults = {{"RCPT", "550 5.1.1 no\r\n", 3, 12}}};
        struct world *world = world_new(&script);
        open_pool(world);
        for (size_t i = 0; i < 20; i++) {
            submit(world);
            if (smtp_pool_room(world->pool) == 0)
                run_done(world, i);
        }
        run_done(world, 20);
        for (size_t i = 0; i < 20; i++)
            assert_result(&world->mails[i], i >= 2 && i < 12 ? "refused!/rcpt/reply/550" : accepted);
        assert_int_equal(world->connected, 1);
        assert_int_equal(smtp_relay_memory(world->relay)->mails, 10);
        assert_int_equal(smtp_relay_memory(world->relay)->resets, 10);
        assert_int_equal(smtp_relay_memory(world->relay)->empty_dots, way == 3 ? 10 : 0);
        world_free(world);
    }
}

static void connections_grow_with_demand_up_to_the_limit(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.connections = 4;
    open_pool(world);
    submit(world);
    run_done(world, 1);
    submit(world);
    run_done(world, 2);
    assert_int_equal(world->connected, 1);
    assert_int_equal(smtp_pool_room(world->pool), 12);
    for (int i = 0; i < 12; i++)
        submit(world);
    run_done(world, 14);
    assert_int_equal(smtp_relay_memory(world->relay)->most, 4);
    world_free(world);
}

static void a_relay_that_wants_fewer_connections_gets_all_mails_over_those(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING", .connections = 2});
    world->settings.connections = 8;
    open_pool(world);
    submit(world);
    run_done(world, 1);
    for (int i = 0; i < 24; i++)
        submit(world);
    run_done(world, 25);
    for (int i = 0; i < 25; i++)
        assert_result(&world->mails[i], accepted);
    assert_true(world->failed > 0);
    assert_int_equal(world->last_failure, SMTP_REASON_CONNECT);
    world_free(world);
}

static void a_connection_retires_after_its_share(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.messages_per_connection = 3;
    open_pool(world);
    for (size_t i = 0; i < 9; i++) {
        submit(world);
        if (smtp_pool_room(world->pool) == 0)
            run_done(world, i);
    }
    run_done(world, 9);
    run_closed(world);
    assert_int_equal(world->connected, 3);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 3);
    world_free(world);
}

static void an_idle_connection_says_quit(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.idle = 20;
    open_pool(world);
    submit(world);
    run_done(world, 1);
    run_closed(world);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 1);
    world_free(world);
}

static void a_relay_tired_of_a_connection_is_asked_over_another(void **state)
{
    static const struct smtp_relay_fault tired[] = {{"MAIL", "421 4.7.0 enough\r\n", 2, 2},
                                                    {"MAIL", RELAY_CUT, 2, 2}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct smtp_relay_script script = {.offers = "PIPELINING"};
        if (i < 2)
            script.faults[0] = tired[i];
        struct world *world = world_new(&script);
        open_pool(world);
        submit(world);
        run_done(world, 1);
        if (i == 2)
            smtp_relay_hang_up(world->relay); /* while idle */
        submit(world);
        run_done(world, 2);
        assert_result(&world->mails[1], accepted);
        assert_int_equal(world->connected, 2);
        world_free(world);
    }
}

static void a_relay_that_never_goes_on_ends_in_unavailable(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"MAIL", "421 bye\r\n", 2, 0}}};
    struct world *world = world_new(&script);
    open_pool(world);
    submit(world);
    run_done(world, 1);
    submit(world);
    run_done(world, 2);
    assert_result(&world->mails[1], "unavailable/mail/reply/421");
    world_free(world);
}

static void without_the_word_no_dot_is_sent(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    open_pool(world);
    submit(world)->denied = true;
    submit(world);
    run_done(world, 2);
    assert_result(&world->mails[0], "withheld/content/caller/0");
    assert_int_equal(world->mails[0].at_dot, 0);
    assert_result(&world->mails[1], accepted);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 1);
    world_free(world);
}

static void cancelled_before_the_dot_is_withheld(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DATA", RELAY_SILENCE, 1, 1}}};
    struct world *world = world_new(&script);
    open_pool(world);
    struct mail *sending = submit(world), *queued = submit(world), *other = submit(world);
    smtp_pool_cancel(world->pool, queued->delivery);
    assert_int_equal(queued->done, 0);
    run_done(world, 1);
    assert_result(queued, "withheld/none/caller/0");
    while (!strstr(smtp_relay_memory(world->relay)->commands, "DATA"))
        event_base_loop(world->base, EVLOOP_ONCE);
    smtp_pool_cancel(world->pool, sending->delivery);
    assert_int_equal(sending->done, 0);
    run_done(world, 3);
    assert_int_equal(sending->result.kind, SMTP_WITHHELD);
    assert_result(other, accepted);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 1);
    world_free(world);
}

static void cancelled_while_asked_is_withheld(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    open_pool(world);
    struct mail *mail = submit(world);
    mail->cancel_when_asked = mail->denied = true;
    run_done(world, 1);
    assert_int_equal(mail->result.kind, SMTP_WITHHELD);
    assert_int_equal(smtp_relay_memory(world->relay)->mails, 0);
    world_free(world);
}

static void at_the_dot_a_cancel_waits_and_an_abort_resets(void **state)
{
    (void)state;
    for (int aborted = 0; aborted < 2; aborted++) {
        const struct smtp_relay_script script = {.offers = "PIPELINING",
                                                 .faults = {{"DOT", RELAY_SILENCE, 1, 1}}};
        struct world *world = world_new(&script);
        open_pool(world);
        struct mail *mail = submit(world);
        mail->abort_at_dot = aborted;
        run_until(world, 0, 1);
        if (!aborted) {
            smtp_pool_cancel(world->pool, mail->delivery);
            while (smtp_relay_memory(world->relay)->mails == 0)
                event_base_loop(world->base, EVLOOP_ONCE);
            smtp_relay_say(world->relay, "250 2.0.0 queued\r\n");
        }
        run_done(world, 1);
        assert_result(mail, aborted ? "uncertain/dot/cut/0" : accepted);
        while (aborted && smtp_relay_memory(world->relay)->open > 0)
            event_base_loop(world->base, EVLOOP_ONCE);
        assert_int_equal(smtp_relay_memory(world->relay)->cuts, aborted);
        world_free(world);
    }
}

static void a_recipient_stalled_at_the_dot_holds_up_nobody(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DOT", RELAY_SILENCE, 1, 1}}};
    struct world *world = world_new(&script);
    struct smtp_pool_state pool;
    world->settings.connections = 2;
    world->settings.ahead_patience = 10;
    open_pool(world);
    submit(world);
    run_until(world, 0, 1); /* it stalls: alone, so the next ones find one connection busy and one to open */
    for (int i = 0; i < 5; i++)
        submit(world);
    run_done(world, 5);
    assert_int_equal(world->mails[0].done, 0);
    for (int i = 1; i < 6; i++)
        assert_result(&world->mails[i], accepted);
    smtp_relay_say(world->relay, "250 2.0.0 queued\r\n");
    run_done(world, 6);
    assert_result(&world->mails[0], accepted);
    smtp_pool_state(world->pool, &pool);
    assert_int_equal(pool.accepted, 6);
    assert_int_equal(pool.moved, 1);
    world_free(world);
}

static void nobody_there_is_unavailable_and_tried_again(void **state)
{
    (void)state;
    struct world *world = world_new(NULL);
    open_pool(world);
    for (int i = 0; i < 3; i++)
        submit(world);
    run_done(world, 3);
    for (int i = 0; i < 3; i++)
        assert_result(&world->mails[i], "unavailable/connect/connect/0");
    assert_true(world->failed > 0);
    assert_non_null(strstr(world->failure.text, "127.0.0.1:9"));
    size_t before = world->failed;
    submit(world);
    run_done(world, 4);
    assert_true(world->failed > before);
    world_free(world);
}

static const struct {
    const char *name, *offers;
    struct smtp_relay_fault fault;
    bool tls, user;
    enum smtp_reason expected;
} unconnected[] = {
    {"greeting refused", "", {"GREETING", "554 5.3.2 no\r\n", 1, 0}, false, false, SMTP_REASON_CONNECT},
    {"greeting 421", "", {"GREETING", "421 4.3.2 bye\r\n", 1, 0}, false, false, SMTP_REASON_CONNECT},
    {"greeting cut", "", {"GREETING", RELAY_CUT, 1, 0}, false, false, SMTP_REASON_CONNECT},
    {"greeting silent", "", {"GREETING", RELAY_SILENCE, 1, 0}, false, false, SMTP_REASON_DEADLINE},
    {"EHLO silent", "", {"EHLO", RELAY_SILENCE, 1, 0}, false, false, SMTP_REASON_DEADLINE},
    {"STARTTLS stripped", "PIPELINING", {NULL, NULL, 0, 0}, true, false, SMTP_REASON_TLS},
    {"STARTTLS stripped, with a password to lose",
     "AUTH_PLAIN",
     {NULL, NULL, 0, 0},
     true,
     true,
     SMTP_REASON_TLS},
    {"STARTTLS refused", "STARTTLS", {"STARTTLS", "454 4.7.0 no\r\n", 1, 0}, true, false, SMTP_REASON_TLS},
    {"more behind STARTTLS's answer",
     "STARTTLS",
     {"STARTTLS", "220 go\r\n250-x\r\n250 PIPELINING\r\n", 1, 0},
     true,
     false,
     SMTP_REASON_CONNECT},
    {"no TLS behind STARTTLS", "STARTTLS", {NULL, NULL, 0, 0}, true, false, SMTP_REASON_DEADLINE},
    {"no AUTH offered", "PIPELINING", {NULL, NULL, 0, 0}, false, true, SMTP_REASON_AUTH},
    {"AUTH of no known kind", "AUTH_UNHEARD-OF", {NULL, NULL, 0, 0}, false, true, SMTP_REASON_AUTH},
    {"AUTH refused", "AUTH_PLAIN", {"AUTH", "535 5.7.8 no\r\n", 1, 0}, false, true, SMTP_REASON_AUTH},
};

static void what_is_not_safe_to_use_is_named_and_nothing_is_said_to_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unconnected / sizeof *unconnected; i++) {
        const struct smtp_relay_script script = {.offers = unconnected[i].offers,
                                                 .faults = {unconnected[i].fault}};
        struct world *world = world_new(&script);
        world->settings.tls_required = unconnected[i].tls;
        world->settings.username = unconnected[i].user ? "user" : NULL;
        world->settings.password = "not to be seen";
        world->settings.deadlines.connect = unconnected[i].expected == SMTP_REASON_DEADLINE ? 60 : 15000;
        open_pool(world);
        submit(world);
        run_done(world, 1);
        if (world->last_failure != unconnected[i].expected)
            fail_msg("%s: %s", unconnected[i].name, world->failure.text);
        assert_int_equal(world->mails[0].result.kind, SMTP_UNAVAILABLE);
        assert_int_equal(world->mails[0].result.reason, unconnected[i].expected);
        assert_null(strstr(smtp_relay_memory(world->relay)->commands, "MAIL"));
        if (unconnected[i].tls)
            assert_null(strstr(smtp_relay_memory(world->relay)->commands, "AUTH"));
        assert_null(strstr(world->failure.text, "not to be seen"));
        world_free(world);
    }
}

static void a_password_is_given_where_it_is_wanted(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "AUTH_PLAIN PIPELINING"});
    world->settings.username = "user";
    world->settings.password = "secret";
    world->settings.helo = "worker.example.org";
    open_pool(world);
    submit(world);
    run_done(world, 1);
    assert_result(&world->mails[0], accepted);
    assert_string_equal(smtp_relay_memory(world->relay)->commands, "EHLO AUTH AHVz MAIL RCPT DATA ");
    world_free(world);
}

static void the_readiness_asks_for_one_connection(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    world->settings.connections = 4;
    open_pool(world);
    smtp_pool_connect(world->pool);
    while (world->connected == 0)
        event_base_loop(world->base, EVLOOP_ONCE);
    smtp_pool_connect(world->pool);
    submit(world);
    run_done(world, 1);
    assert_int_equal(world->connected, 1);
    world_free(world);
}

static void a_closed_pool_leaves_nothing_undone(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"DOT", RELAY_SILENCE, 1, 0}}};
    struct world *world = world_new(&script);
    open_pool(world);
    for (int i = 0; i < 3; i++)
        submit(world);
    run_until(world, 0, 1);
    smtp_pool_free(&world->pool);
    assert_int_equal(world->mails[0].result.kind, SMTP_UNCERTAIN);
    assert_int_equal(world->mails[1].result.kind, SMTP_UNAVAILABLE);
    assert_int_equal(world->mails[2].result.kind, SMTP_UNAVAILABLE);
    world_free(world);
}

static void a_drained_pool_ends_what_it_has_and_takes_nothing(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    open_pool(world);
    for (int i = 0; i < 3; i++)
        submit(world);
    smtp_pool_drain(world->pool);
    assert_int_equal(smtp_pool_room(world->pool), 0);
    run_done(world, 3);
    run_closed(world);
    for (int i = 0; i < 3; i++)
        assert_result(&world->mails[i], accepted);
    assert_int_equal(smtp_relay_memory(world->relay)->quits, 1);
    world_free(world);
}

static void a_full_pool_says_so(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct smtp_relay_script){.offers = "PIPELINING"});
    struct error error;
    open_pool(world);
    while (smtp_pool_room(world->pool) > 0)
        submit(world);
    const struct smtp_submission one_more = {.recipient = TEXT("a@example.com"), .message = TEXT(MESSAGE)};
    assert_int_equal(smtp_pool_submit(world->pool, &one_more, NULL, &error), STATUS_FULL);
    run_done(world, world->submitted);
    assert_true(smtp_pool_room(world->pool) > 0);
    world_free(world);
}

static void without_a_free_connection_the_wait_has_an_end(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "", .faults = {{"DOT", RELAY_SILENCE, 1, 0}}};
    struct world *world = world_new(&script);
    world->settings.queue = 40;
    open_pool(world);
    submit(world);
    run_until(world, 0, 1);
    submit(world);
    run_done(world, 1);
    assert_result(&world->mails[1], "unavailable/none/queue/0");
    world_free(world);
}

static void wrong_settings_are_named(void **state)
{
    static const struct {
        const char *url, *helo, *ca_file, *field;
    } table[] = {
        {"http://127.0.0.1", NULL, NULL, "smtp.url"},
        {"smtp://user:secret@127.0.0.1", NULL, NULL, "smtp.url"},
        {"smtp://127.0.0.1/path", NULL, NULL, "smtp.url"},
        {"smtp://", NULL, NULL, "smtp.url"},
        {NULL, NULL, NULL, "smtp.url"},
        {"smtp://127.0.0.1", "a b", NULL, "smtp.helo"},
        {"smtp://127.0.0.1", NULL, "/nowhere/ca.pem", "smtp.ca_file"},
    };
    struct event_base *base = event_base_new();
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct smtp_settings settings;
        struct smtp_pool *pool;
        struct error error;
        smtp_settings_default(&settings);
        settings.url = table[i].url;
        settings.helo = table[i].helo;
        settings.ca_file = table[i].ca_file;
        assert_int_equal(smtp_pool_new(base, &settings, NULL, &pool, &error), STATUS_CONFIG);
        assert_string_equal(error.field, table[i].field);
        assert_null(strstr(error.text, "secret"));
    }
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_arrives_as_it_was_written),
        cmocka_unit_test(a_fault_at_a_stage_is_told_and_the_next_mail_goes_out),
        cmocka_unit_test(mails_share_a_round_trip_only_where_the_relay_pipelines),
        cmocka_unit_test(refused_recipients_cost_a_reset_and_no_connection),
        cmocka_unit_test(connections_grow_with_demand_up_to_the_limit),
        cmocka_unit_test(a_relay_that_wants_fewer_connections_gets_all_mails_over_those),
        cmocka_unit_test(a_connection_retires_after_its_share),
        cmocka_unit_test(an_idle_connection_says_quit),
        cmocka_unit_test(a_relay_tired_of_a_connection_is_asked_over_another),
        cmocka_unit_test(a_relay_that_never_goes_on_ends_in_unavailable),
        cmocka_unit_test(without_the_word_no_dot_is_sent),
        cmocka_unit_test(cancelled_before_the_dot_is_withheld),
        cmocka_unit_test(cancelled_while_asked_is_withheld),
        cmocka_unit_test(at_the_dot_a_cancel_waits_and_an_abort_resets),
        cmocka_unit_test(a_recipient_stalled_at_the_dot_holds_up_nobody),
        cmocka_unit_test(nobody_there_is_unavailable_and_tried_again),
        cmocka_unit_test(what_is_not_safe_to_use_is_named_and_nothing_is_said_to_it),
        cmocka_unit_test(a_password_is_given_where_it_is_wanted),
        cmocka_unit_test(the_readiness_asks_for_one_connection),
        cmocka_unit_test(a_closed_pool_leaves_nothing_undone),
        cmocka_unit_test(a_drained_pool_ends_what_it_has_and_takes_nothing),
        cmocka_unit_test(a_full_pool_says_so),
        cmocka_unit_test(without_a_free_connection_the_wait_has_an_end),
        cmocka_unit_test(wrong_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
