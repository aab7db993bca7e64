/* Every wait has a watchdog of 20 s: a test that would hang says what it had got instead. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "support/smtp_world.h"

static void look(struct smtp_world *world)
{
    if ((world->wanted_done > 0 && world->done >= world->wanted_done) ||
        (world->wanted_dots > 0 && world->dots >= world->wanted_dots))
        event_base_loopbreak(world->base);
}

static bool may_send_dot(void *context)
{
    struct smtp_world_mail *mail = context;
    mail->asked++;
    if (mail->cancel_when_asked)
        smtp_pool_cancel(mail->world->pool, mail->delivery);
    return !mail->denied;
}

static void at_dot(void *context)
{
    struct smtp_world_mail *mail = context;
    mail->at_dot++;
    mail->world->dots++;
    if (mail->abort_at_dot)
        smtp_pool_abort(mail->world->pool, mail->delivery);
    look(mail->world);
}

static void done(void *context, const struct smtp_result *result)
{
    struct smtp_world_mail *mail = context;
    mail->done++;
    mail->result = *result;
    mail->world->done++;
    look(mail->world);
}

static void connected(void *context)
{
    struct smtp_world *world = context;
    world->connected++;
}

static void connect_failed(void *context, enum smtp_reason reason, const struct error *error)
{
    struct smtp_world *world = context;
    world->failed++;
    if (world->asks_again)
        smtp_pool_connect(world->pool);
    world->last_failure = reason;
    world->failure = *error;
}

struct smtp_world *smtp_world_new(const struct smtp_relay_script *script)
{
    struct smtp_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    signal(SIGPIPE, SIG_IGN);
    world->base = event_base_new();
    if (script)
        world->relay = smtp_relay_new(world->base, script);
    smtp_settings_default(&world->settings);
    world->settings.url = script ? smtp_relay_url(world->relay) : "smtp://127.0.0.1:9";
    world->settings.tls_required = false;
    world->settings.connections = 1;
    world->settings.ahead_patience = 20000; /* a busy machine is no stalled relay */
    world->settings.envelope_from = "bounce@example.org";
    return world;
}

void smtp_world_open_pool(struct smtp_world *world)
{
    const struct smtp_pool_observer observer = {world, connected, connect_failed};
    struct error error;
    assert_ok(smtp_pool_new(world->base, &world->settings, &observer, &world->pool, &error), &error);
}

void smtp_world_free(struct smtp_world *world)
{
    smtp_pool_free(&world->pool);
    for (size_t i = 0; i < world->submitted; i++)
        assert_int_equal(world->mails[i].done, 1);
    smtp_relay_free(&world->relay);
    event_base_free(world->base);
    free(world);
}

struct smtp_world_mail *smtp_world_submit(struct smtp_world *world)
{
    assert_true(world->submitted < SMTP_WORLD_MAILS);
    struct smtp_world_mail *mail = &world->mails[world->submitted++];
    const struct smtp_submission submission = {
        .recipient = TEXT("someone@example.com"),
        .message = world->message.bytes ? world->message : TEXT(SMTP_WORLD_MESSAGE),
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

void smtp_world_run_until(struct smtp_world *world, size_t count, size_t dots)
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

void smtp_world_run_done(struct smtp_world *world, size_t count)
{
    smtp_world_run_until(world, count, 0);
}

void smtp_world_run_closed(struct smtp_world *world)
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

void assert_smtp_result(const struct smtp_world_mail *mail, const char *expected)
{
    char text[96];
    const struct smtp_result *result = &mail->result;
    snprintf(text, sizeof text, "%s%s/%s/%s/%d", smtp_result_kind_name(result->kind),
             result->permanent ? "!" : "", smtp_stage_name(result->stage), smtp_reason_name(result->reason),
             result->code);
    assert_int_equal(mail->done, 1);
    assert_string_equal(text, expected);
}
