/* What a relay does wrong, or does not want, is told by its name, and the next mail goes out. */
#include "support.h"

#include <event2/event.h>

#include "support/smtp_world.h"

static const struct {
    struct smtp_relay_fault fault;
    const char *expected; /* of the first mail; the second one is SMTP_WORLD_ACCEPTED */
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
            struct smtp_world *world = smtp_world_new(&script);
            if (silence) {
                const unsigned soon = 250,
                               patient = 15000; /* soon: longer than a busy machine stands still */
                struct smtp_deadlines *deadlines = &world->settings.deadlines;
                const char *command = faults[i].fault.command;
                deadlines->mail = strcmp(command, "MAIL") == 0 ? soon : patient;
                deadlines->rcpt = strcmp(command, "RCPT") == 0 ? soon : patient;
                deadlines->data = strcmp(command, "DATA") == 0 ? soon : patient;
                deadlines->dot = strcmp(command, "DOT") == 0 ? soon : patient;
            }
            smtp_world_open_pool(world);
            const struct smtp_world_mail *first = smtp_world_submit(world);
            smtp_world_run_done(world, 1);
            assert_smtp_result(first, faults[i].expected);
            const struct smtp_world_mail *second = smtp_world_submit(world);
            smtp_world_run_done(world, 2);
            assert_smtp_result(second, SMTP_WORLD_ACCEPTED);
            assert_int_equal(world->connected, faults[i].costs_connection ? 2 : 1);
            assert_int_equal(smtp_relay_memory(world->relay)->mails,
                             1 + (strcmp(faults[i].fault.command, "DOT") == 0));
            smtp_world_free(world);
        }
    }
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
        struct smtp_world *world = smtp_world_new(&script);
        smtp_world_open_pool(world);
        smtp_world_submit(world);
        smtp_world_run_done(world, 1);
        if (i == 2)
            smtp_relay_hang_up(world->relay); /* while idle */
        smtp_world_submit(world);
        smtp_world_run_done(world, 2);
        assert_smtp_result(&world->mails[1], SMTP_WORLD_ACCEPTED);
        assert_int_equal(world->connected, 2);
        smtp_world_free(world);
    }
}

static void a_relay_that_never_goes_on_ends_in_unavailable(void **state)
{
    (void)state;
    const struct smtp_relay_script script = {.offers = "PIPELINING",
                                             .faults = {{"MAIL", "421 bye\r\n", 2, 0}}};
    struct smtp_world *world = smtp_world_new(&script);
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    smtp_world_submit(world);
    smtp_world_run_done(world, 2);
    assert_smtp_result(&world->mails[1], "unavailable/mail/reply/421");
    smtp_world_free(world);
}

static void nobody_there_is_unavailable_and_tried_again(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(NULL);
    smtp_world_open_pool(world);
    for (int i = 0; i < 3; i++)
        smtp_world_submit(world);
    smtp_world_run_done(world, 3);
    for (int i = 0; i < 3; i++)
        assert_smtp_result(&world->mails[i], "unavailable/connect/connect/0");
    assert_true(world->failed > 0);
    assert_non_null(strstr(world->failure.text, "127.0.0.1:9"));
    size_t before = world->failed;
    smtp_world_submit(world);
    smtp_world_run_done(world, 4);
    assert_true(world->failed > before);
    smtp_world_free(world);
}

static const struct {
    const char *name, *offers;
    struct smtp_relay_fault fault;
    bool tls, user;
    enum smtp_reason expected;
} unconnected[] = {
    {"greeting refused", "", {"GREETING", "554 5.3.2 no\r\n", 1, 0}, false, false, SMTP_REASON_CONNECT},
    {"a greeting that names somebody",
     "",
     {"GREETING", "554 5.3.2 canary@example.com is nobody here\r\n", 1, 0},
     false,
     false,
     SMTP_REASON_CONNECT},
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
        struct smtp_world *world = smtp_world_new(&script);
        world->settings.tls_required = unconnected[i].tls;
        world->settings.username = unconnected[i].user ? "user" : NULL;
        world->settings.password = "not to be seen";
        world->settings.deadlines.connect = unconnected[i].expected == SMTP_REASON_DEADLINE ? 60 : 15000;
        smtp_world_open_pool(world);
        smtp_world_submit(world);
        smtp_world_run_done(world, 1);
        if (world->last_failure != unconnected[i].expected)
            fail_msg("%s: %s", unconnected[i].name, world->failure.text);
        assert_int_equal(world->mails[0].result.kind, SMTP_UNAVAILABLE);
        assert_int_equal(world->mails[0].result.reason, unconnected[i].expected);
        assert_null(strstr(smtp_relay_memory(world->relay)->commands, "MAIL"));
        if (unconnected[i].tls)
            assert_null(strstr(smtp_relay_memory(world->relay)->commands, "AUTH"));
        assert_null(strstr(world->failure.text, "not to be seen"));
        assert_null(strstr(world->failure.text, "canary"));
        smtp_world_free(world);
    }
}

static void a_password_is_given_where_it_is_wanted(void **state)
{
    (void)state;
    struct smtp_world *world = smtp_world_new(&(struct smtp_relay_script){.offers = "AUTH_PLAIN PIPELINING"});
    world->settings.username = "user";
    world->settings.password = "secret";
    world->settings.helo = "worker.example.org";
    smtp_world_open_pool(world);
    smtp_world_submit(world);
    smtp_world_run_done(world, 1);
    assert_smtp_result(&world->mails[0], SMTP_WORLD_ACCEPTED);
    assert_string_equal(smtp_relay_memory(world->relay)->commands, "EHLO AUTH AHVz MAIL RCPT DATA ");
    smtp_world_free(world);
}

static void wrong_settings_are_named(void **state)
{
    static const struct {
        const char *url, *helo, *ca_file, *field, *sender;
    } table[] = {
        {"http://127.0.0.1", NULL, NULL, "smtp.url", NULL},
        {"smtp://user:secret@127.0.0.1", NULL, NULL, "smtp.url", NULL},
        {"smtp://127.0.0.1/path", NULL, NULL, "smtp.url", NULL},
        {"smtp://", NULL, NULL, "smtp.url", NULL},
        {NULL, NULL, NULL, "smtp.url", NULL},
        {"smtp://127.0.0.1", "a b", NULL, "smtp.helo", NULL},
        {"smtp://127.0.0.1", NULL, "/nowhere/ca.pem", "smtp.ca_file", NULL},
        {"smtp://127.0.0.1", NULL, NULL, "smtp.envelope_from", "Bounces <bounces@example.com>"},
        {"smtp://127.0.0.1", NULL, NULL, "smtp.envelope_from", "\"no bounces\"@example.com"},
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
        settings.envelope_from = table[i].sender ? table[i].sender : "";
        assert_int_equal(smtp_pool_new(base, &settings, NULL, &pool, &error), STATUS_CONFIG);
        assert_string_equal(error.field, table[i].field);
        assert_null(strstr(error.text, "secret"));
    }
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_at_a_stage_is_told_and_the_next_mail_goes_out),
        cmocka_unit_test(a_relay_tired_of_a_connection_is_asked_over_another),
        cmocka_unit_test(a_relay_that_never_goes_on_ends_in_unavailable),
        cmocka_unit_test(nobody_there_is_unavailable_and_tried_again),
        cmocka_unit_test(what_is_not_safe_to_use_is_named_and_nothing_is_said_to_it),
        cmocka_unit_test(a_password_is_given_where_it_is_wanted),
        cmocka_unit_test(wrong_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
