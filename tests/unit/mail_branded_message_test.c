/* Whole messages of every kind: what a tenant's branding and a reader's clock change, and that no secret is
 * where it does not belong. */
#include "support.h"

#include <stdio.h>

#include <gmime/gmime.h>

#include "core/mail/message.h"
#include "io/time_zones.h"
#include "worker/mail_templates.h"

static const char token[] = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE",
                  password[] = "abcd-efgh-jkmn-pqrs-tuvw-2345";

static const struct mail plain_mail = {
    .trigger = MAIL_TRIGGER_ADMINISTRATOR,
    .to = {"kim@example.com", 15},
    .name = {"Kim Lee", 7},
    .tenant = {"acme-id", 7},
    .locale = {"en", 2},
    .token = {token, sizeof token - 1},
    .password = {password, sizeof password - 1},
    .request_id = {"0d4b2ee5-8a2f-4c55-9f3a-6a3f1be0a001", 36},
    .incarnation = {"00112233aabbccdd", 16},
    .expires_at_ms = 1763874600000,
    .lifetime_ms = 86400000,
    .happened_at_ms = 1763788140000,
    .now_ms = 1763788200000,
};

static const char tenants[] =
    "[acme-id]\nname = ACME & {{link}}\nfrom_name = ACME\nsupport = help@acme.example\n"
    "footer = ACME <GmbH>\nlogo = https://cdn.acme.example/l.png\ncolour = #ffd700\n"
    "link = https://acme.example.com/new#{token}\nsign_in = login.example.com\n"
    "[plain]\n";

struct fixture {
    struct template_set *set;
    struct mail_profile *profile;
    struct branding_set *brandings;
    struct time_zones *zones;
    struct buffer out;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    static const char *const allowed[] = {"acme.example.com", "login.example.com"};
    struct link_pattern link;
    struct error *error = &fixture.error;
    g_mime_init();
    fixture = (struct fixture){0};
    buffer_init_secret(&fixture.out, MESSAGE_LIMIT);
    assert_ok(mail_templates_load(NULL, NULL, &fixture.set, error), error);
    assert_ok(link_parse(text_of("https://app.example.com/reset#{token}"), &link, error), error);
    assert_ok(mail_profile_new(TEXT("Relay <no-reply@mail.example.com>"), &link, fixture.set,
                               &fixture.profile, error),
              error);
    const struct branding_rules rules = {mail_profile_link(fixture.profile)->host, allowed, 2,
                                         mail_profile_from(fixture.profile)};
    assert_ok(branding_set_parse("tenants", text_of(tenants), &rules, &fixture.brandings, error), error);
    assert_ok(time_zones_new(NULL, &fixture.zones, error), error);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    time_zones_free(&fixture->zones);
    branding_set_free(&fixture->brandings);
    mail_profile_free(&fixture->profile);
    template_set_free(&fixture->set);
    buffer_clear(&fixture->out);
    g_mime_shutdown();
    return 0;
}

static const char *part_of(struct fixture *fixture, const struct mail *mail, enum mail_part part)
{
    buffer_reset(&fixture->out);
    assert_ok(message_render_part(fixture->profile, mail, part, &fixture->out, &fixture->error),
              &fixture->error);
    buffer_append_byte(&fixture->out, 0);
    return fixture->out.bytes;
}

static const char *headers_of(struct fixture *fixture, const struct mail *mail)
{
    struct message_facts facts;
    assert_ok(message_build(fixture->profile, mail, &fixture->out, &facts, &fixture->error), &fixture->error);
    buffer_append_byte(&fixture->out, 0);
    *strstr(fixture->out.bytes, "\r\n\r\n") = 0;
    return fixture->out.bytes;
}

static void assert_holds(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("'%s' is not in:\n%s", wanted, text);
}

static void a_secret_is_in_the_mail_that_is_about_it_and_in_no_other(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        for (unsigned part = MAIL_TEXT; part < MAIL_PART_COUNT; part++) {
            for (unsigned branded = 0; branded < 2; branded++) {
                struct mail mail = plain_mail;
                mail.kind = (enum mail_kind)kind;
                mail.branding = branded ? branding_find(fixture->brandings, mail.tenant) : NULL;
                const char *text = part_of(fixture, &mail, (enum mail_part)part);
                assert_int_equal(strstr(text, token) != NULL, kind == MAIL_LINK);
                assert_int_equal(strstr(text, part == MAIL_TEXT ? password : ">2345</span>") != NULL,
                                 kind == MAIL_TEMPORARY_PASSWORD_MAILED);
                assert_int_equal(strstr(text, "href=") != NULL, kind == MAIL_LINK && part == MAIL_HTML);
            }
        }
    }
}

static void only_the_secret_of_its_kind_is_asked_of_a_mail(void **state)
{
    struct fixture *fixture = *state;
    struct message_facts facts;
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        const struct {
            struct text token, password;
            const char *field;
            enum mail_kind refused;
        } cases[] = {
            {TEXT(""), plain_mail.password, "/token", MAIL_LINK},
            {TEXT("a\"b"), plain_mail.password, "/token", MAIL_LINK},
            {plain_mail.token, TEXT(""), "/password", MAIL_TEMPORARY_PASSWORD_MAILED},
            {plain_mail.token, TEXT("ab\r\ncd"), "/password", MAIL_TEMPORARY_PASSWORD_MAILED},
            {plain_mail.token, TEXT("<b>"), "/password", MAIL_TEMPORARY_PASSWORD_MAILED},
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct mail mail = plain_mail;
            mail.kind = (enum mail_kind)kind;
            mail.token = cases[i].token;
            mail.password = cases[i].password;
            enum status status =
                message_build(fixture->profile, &mail, &fixture->out, &facts, &fixture->error);
            assert_int_equal(status, kind == cases[i].refused ? STATUS_INVALID : STATUS_OK);
            if (status)
                assert_string_equal(fixture->error.field, cases[i].field);
        }
    }
}

static void a_tenant_has_its_name_its_colour_its_link_and_its_sender(void **state)
{
    struct fixture *fixture = *state;
    struct mail mail = plain_mail;
    mail.branding = branding_find(fixture->brandings, mail.tenant);
    assert_non_null(mail.branding);
    assert_holds(headers_of(fixture, &mail), "\r\nFrom: \"ACME\" <no-reply@mail.example.com>\r\n");
    const char *text = part_of(fixture, &mail, MAIL_TEXT);
    assert_holds(text, "An administrator of ACME & {{link}} has");
    assert_holds(text, "\r\nhttps://acme.example.com/new#abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE\r\n");
    assert_holds(text, "shows acme.example.com as the address");
    assert_holds(text, "If you need help: help@acme.example\r\n");
    assert_holds(text, "-- \r\nACME <GmbH>\r\n");
    const char *html = part_of(fixture, &mail, MAIL_HTML);
    assert_holds(html, "ACME &amp; {{link}} has");
    assert_holds(html, "<img src=\"https://cdn.acme.example/l.png\" alt=\"ACME &amp; {{link}}\"");
    assert_holds(
        html, "bgcolor=\"#ffd700\" style=\"border-radius:8px;border:1px solid #64748b;background:#ffd700;");
    assert_holds(html, ";color:#000000;text-decoration:none\">");
    assert_holds(html, "ACME &lt;GmbH&gt;<br>");
    mail.kind = MAIL_TEMPORARY_PASSWORD_MAILED;
    assert_holds(part_of(fixture, &mail, MAIL_TEXT), "shows login.example.com as the address");
}

static void a_tenant_without_branding_has_the_relays_own(void **state)
{
    struct fixture *fixture = *state;
    struct mail mail = plain_mail;
    assert_null(branding_find(fixture->brandings, TEXT("other")));
    for (unsigned i = 0; i < 2; i++) { /* none at all, and a section with nothing in it */
        mail.branding = i ? branding_find(fixture->brandings, TEXT("plain")) : NULL;
        assert_holds(headers_of(fixture, &mail), "\r\nFrom: \"Relay\" <no-reply@mail.example.com>\r\n");
        const char *text = part_of(fixture, &mail, MAIL_TEXT);
        assert_holds(text, "An administrator of acme-id has");
        assert_holds(text, "\r\nhttps://app.example.com/reset#");
        assert_null(strstr(text, "If you need help"));
        const char *html = part_of(fixture, &mail, MAIL_HTML);
        assert_holds(html, "background:#1d4ed8;");
        assert_holds(html, ";color:#ffffff;text-decoration:none");
        assert_null(strstr(html, "<img"));
    }
}

static void times_are_told_by_the_readers_clock(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct text zone;
        const char *expires, *happened;
    } cases[] = {
        {TEXT(""), "Sunday, 23 November 2025, 05:10 (UTC)", "Saturday, 22 November 2025, 05:09 (UTC)"},
        {TEXT("Europe/Berlin"), "Sunday, 23 November 2025, 06:10 (UTC+1)", "06:09 (UTC+1)"},
        {TEXT("America/St_Johns"), "Sunday, 23 November 2025, 01:40 (UTC-3:30)", "01:39 (UTC-3:30)"},
        {TEXT("Pacific/Kiritimati"), "Sunday, 23 November 2025, 19:10 (UTC+14)",
         "Saturday, 22 November 2025, 19:09"},
        {TEXT("Mars/Olympus"), "Sunday, 23 November 2025, 05:10 (UTC)", "05:09 (UTC)"},
        {TEXT("../../etc/passwd"), "Sunday, 23 November 2025, 05:10 (UTC)", "05:09 (UTC)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail mail = plain_mail;
        mail.zone = time_zones_find(fixture->zones, cases[i].zone);
        assert_holds(part_of(fixture, &mail, MAIL_TEXT), cases[i].expires);
        assert_holds(part_of(fixture, &mail, MAIL_HTML), cases[i].expires);
        mail.kind = MAIL_PASSWORD_CHANGED;
        assert_holds(part_of(fixture, &mail, MAIL_TEXT), cases[i].happened);
    }
}

static void a_life_is_told_in_words_however_late_the_mail_is(void **state)
{
    struct fixture *fixture = *state;
    struct mail mail = plain_mail;
    mail.now_ms += 3 * 3600000;
    assert_holds(part_of(fixture, &mail, MAIL_TEXT), "for 24 hours, until Sunday, 23 November 2025, 05:10");
    mail.lifetime_ms = 0; /* not known: what is left */
    assert_holds(part_of(fixture, &mail, MAIL_TEXT), "for 21 hours, until Sunday, 23 November 2025, 05:10");
}

static void who_asked_is_told_as_far_as_anybody_knows(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        enum mail_kind kind;
        enum mail_trigger trigger;
        const char *text;
    } cases[] = {
        {MAIL_LINK, MAIL_TRIGGER_SELF, "Someone, perhaps you, asked on the sign-in page"},
        {MAIL_LINK, MAIL_TRIGGER_ADMINISTRATOR, "An administrator of acme-id has asked"},
        {MAIL_LINK, MAIL_TRIGGER_MANAGER, "A manager of acme-id has asked"},
        {MAIL_TEMPORARY_PASSWORD_MAILED, MAIL_TRIGGER_ADMINISTRATOR, "An administrator of acme-id has set"},
        {MAIL_TEMPORARY_PASSWORD_NOTICE, MAIL_TRIGGER_ADMINISTRATOR, "An administrator of acme-id has set"},
        {MAIL_PASSWORD_CHANGED, MAIL_TRIGGER_SELF, "The password of your account with acme-id was changed"},
        {MAIL_PASSWORD_CHANGED, MAIL_TRIGGER_ADMINISTRATOR, "An administrator of acme-id changed"},
        {MAIL_PASSWORD_CHANGED, MAIL_TRIGGER_MANAGER, "A manager of acme-id changed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail mail = plain_mail;
        mail.kind = cases[i].kind;
        mail.trigger = cases[i].trigger;
        assert_holds(part_of(fixture, &mail, MAIL_TEXT), cases[i].text);
        assert_holds(part_of(fixture, &mail, MAIL_HTML), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_in_the_mail_that_is_about_it_and_in_no_other),
        cmocka_unit_test(only_the_secret_of_its_kind_is_asked_of_a_mail),
        cmocka_unit_test(a_tenant_has_its_name_its_colour_its_link_and_its_sender),
        cmocka_unit_test(a_tenant_without_branding_has_the_relays_own),
        cmocka_unit_test(times_are_told_by_the_readers_clock),
        cmocka_unit_test(a_life_is_told_in_words_however_late_the_mail_is),
        cmocka_unit_test(who_asked_is_told_as_far_as_anybody_knows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
