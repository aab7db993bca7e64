/* What each kind of mail carries, and nothing that it must not. */
#include "support.h"

#include <stdio.h>

#include "core/mail/template.h"
#include "mail_sources.h"

static struct mail_values some_values(void)
{
    struct mail_values values = {.trigger = MAIL_TRIGGER_MANAGER};
    values.value[MAIL_VALUE_NAME] = TEXT("Kim");
    return values;
}

static enum status make_kind(const char *kind, const char *text, const char *html, const char *sentences,
                             struct template_set **set, struct error *error)
{
    char paths[4][64];
    const char *const endings[] = {"page.txt", "page.html", "en.mail", "ar.mail"};
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", kind, endings[i]);
    const struct template_source sources[] = {
        {paths[0], "page.txt", text_of(text)}, /* the first of a name counts */
        {paths[1], "page.html", text_of(html)},
        {paths[2], "en.mail", text_of(sentences)},
        {paths[3], "ar.mail", text_of(sentences)},
        {"locales/en.locale", "en.locale", text_of(LOCALE("ltr"))},
        {"locales/ar.locale", "ar.locale", text_of(LOCALE("rtl"))},
        PLAIN_PAGES("link", TEXT_LINK, "<a href=\"{{link}}\">{{link}}</a>"),
        PLAIN_MAILS("link", "en"),
        PLAIN_MAILS("link", "ar"),
        OTHER_PAGES,
        OTHER_MAILS("en"),
        OTHER_MAILS("ar"),
    };
    return template_set_new(sources, sizeof sources / sizeof *sources, "en", set, error);
}

static void each_kind_has_its_own_secret_and_no_other(void **state)
{
    (void)state;
    static const char mailed[] = "temporary_password_mailed", notice[] = "temporary_password_notice",
                      changed[] = "password_changed";
    const struct {
        const char *kind, *text, *html, *fault; /* fault NULL: taken */
    } cases[] = {
        {mailed, "{{password}}\n", "<p>{{password}}</p>", NULL},
        {mailed, "{{password}}\n{{#link}}\n{{link}}\n{{/link}}\n", "<p>{{password}}</p>", NULL},
        {mailed, "{{password}}\n{{^happened}}{{lifetime}}{{/happened}}", "<p>{{password}}</p>", NULL},
        {mailed, "{{#password}}\n{{password}}\n{{/password}}\n", "<p>{{password}}</p>", NULL},
        {mailed, "no password\n", "<p>{{password}}</p>",
         "page.txt:2: the text has no {{password}} that is always shown"},
        {mailed, "{{#name}}\n{{password}}\n{{/name}}\n", "<p>{{password}}</p>",
         "page.txt:4: the text has no {{password}} that is always shown"},
        {mailed, "{{password}}\n", "<p></p>", "page.html:1: the page has no {{password}} as text"},
        {mailed, "{{password}}\n", "<p title=\"{{password}}\">{{password}}</p>",
         "page.html:1: neither a title nor an attribute may carry the `password`"},
        {mailed, "{{password}}\n", "<a href=\"{{password}}\">{{password}}</a>",
         "page.html:1: only {{link}} may be a URL, not `password`"},
        {mailed, "It is {{password}}\n", "<p>{{password}}</p>", "page.txt:1: must stand alone on its line"},
        {mailed, "{{password}}\n\n{{link}}\n", "<p>{{password}}</p>",
         "page.txt:3: a mail of the kind temporary_password_mailed never has `link`"},
        {notice, "{{expires}} {{lifetime}}\n", "<p>{{host}}</p>", NULL},
        {notice, "{{password}}\n", "<p></p>",
         "page.txt:1: a mail of the kind temporary_password_notice never has `password`"},
        {notice, "\n", "<p>{{link}}</p>",
         "page.html:1: a mail of the kind temporary_password_notice never has `link`"},
        {changed, "{{happened}}\n", "<p>{{support}}</p>", NULL},
        {changed, "{{link}}\n", "<p></p>",
         "page.txt:1: a mail of the kind password_changed never has `link`"},
        {changed, "{{expires}}\n", "<p></p>",
         "page.txt:1: a mail of the kind password_changed never has `expires`"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template_set *set;
        struct error error = {0};
        enum status status =
            make_kind(cases[i].kind, cases[i].text, cases[i].html, "subject: S\n", &set, &error);
        if (!cases[i].fault) {
            assert_ok(status, &error);
        } else {
            assert_int_equal(status, STATUS_CONFIG);
            if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
                fail_msg("case %zu: expected '%s', got: %s", i, cases[i].fault, error.text);
        }
        template_set_free(&set);
    }
}

static void a_section_that_a_kind_never_shows_wants_no_sentences(void **state)
{
    (void)state;
    static const char text[] = "{{#link}}{{>none}}{{/link}}{{#password_changed}}yes{{/password_changed}}"
                               "{{^password_changed}}{{>none}}{{/password_changed}}{{#self}}S{{/self}}\n";
    struct template_set *set;
    struct error error;
    struct mail_values values = some_values();
    struct buffer out;
    values.trigger = MAIL_TRIGGER_SELF;
    buffer_init(&out, 4096);
    assert_ok(make_kind("password_changed", text, "<p></p>", "subject: S\n", &set, &error), &error);
    template_render(template_find(set, MAIL_PASSWORD_CHANGED, TEXT("en")), MAIL_TEXT, &values, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal(out.bytes, "yesS\r\n");
    template_set_free(&set);
    buffer_reset(&out); /* only an administrator sets a temporary password: that is always so */
    assert_ok(make_kind("temporary_password_notice",
                        "{{#self}}{{>none}}{{/self}}{{#administrator}}A{{/administrator}}\n", "<p></p>",
                        "subject: S\n", &set, &error),
              &error);
    template_render(template_find(set, MAIL_TEMPORARY_PASSWORD_NOTICE, TEXT("en")), MAIL_TEXT, &values, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal(out.bytes, "A\r\n");
    template_set_free(&set);
    buffer_clear(&out);
}

static void a_password_is_in_groups_that_no_line_end_cuts(void **state)
{
    (void)state;
    struct template_set *set;
    struct error error;
    struct mail_values values = some_values();
    struct buffer out;
    values.value[MAIL_VALUE_PASSWORD] = TEXT("ab<c-2345-z");
    buffer_init(&out, 4096);
    assert_ok(make_kind("temporary_password_mailed", "{{password}}\n", "<p>{{password}}</p>", "subject: S\n",
                        &set, &error),
              &error);
    static const char *const locales[] = {"en",
                                          "ar"}; /* nothing is put beside it that would be copied, too */
    for (size_t i = 0; i < 2; i++) {
        const struct mail_template *mail =
            template_find(set, MAIL_TEMPORARY_PASSWORD_MAILED, text_of(locales[i]));
        buffer_reset(&out);
        template_render(mail, MAIL_TEXT, &values, &out);
        template_render(mail, MAIL_HTML, &values, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes,
                            "ab<c-2345-z\r\n<p><span style=\"display:inline-block\">ab&lt;c-</span>"
                            "<span style=\"display:inline-block\">2345-</span>"
                            "<span style=\"display:inline-block\">z</span></p>");
    }
    template_set_free(&set);
    buffer_clear(&out);
}

static void assert_part(const struct template_set *set, enum mail_part part, const struct mail_values *values,
                        const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    template_render(template_find(set, MAIL_PASSWORD_CHANGED, TEXT("en")), part, values, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal(out.bytes, expected);
    buffer_clear(&out);
}

static void a_tenants_branding_stands_where_the_page_puts_it(void **state)
{
    (void)state;
    static const char text[] = "{{#support}}?{{support}}{{/support}}{{^support}}-{{/support}}{{imprint}}\n";
    static const char html[] =
        "{{#logo}}<img src=\"{{logo}}\" alt=\"{{tenant}}\">{{/logo}}<td bgcolor=\"{{colour}}\" "
        "style=\"color:{{on_colour}};border:1px solid {{edge}}\">";
    struct template_set *set;
    struct error error;
    struct mail_values values = some_values();
    assert_ok(make_kind("password_changed", text, html, "subject: S\n", &set, &error), &error);
    values.value[MAIL_VALUE_TENANT] = TEXT("A\"CME");
    assert_part(set, MAIL_TEXT, &values, "-\r\n");
    assert_part(set, MAIL_HTML, &values,
                "<td bgcolor=\"#1d4ed8\" style=\"color:#ffffff;border:1px solid #1d4ed8\">");
    values.branded = true;
    values.value[MAIL_VALUE_SUPPORT] = TEXT("help@acme.example");
    values.value[MAIL_VALUE_IMPRINT] = TEXT("<b>");
    values.value[MAIL_VALUE_LOGO] = TEXT("https://cdn.example/l?a&b");
    values.value[MAIL_VALUE_COLOUR] = TEXT("#00aa77");
    values.value[MAIL_VALUE_ON_COLOUR] = TEXT("#000000");
    values.value[MAIL_VALUE_EDGE] = TEXT("#64748b");
    assert_part(set, MAIL_TEXT, &values, "?help@acme.example<b>\r\n");
    assert_part(set, MAIL_HTML, &values,
                "<img src=\"https://cdn.example/l?a&amp;b\" alt=\"A&quot;CME\">"
                "<td bgcolor=\"#00aa77\" style=\"color:#000000;border:1px solid #64748b\">");
    template_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_own_secret_and_no_other),
        cmocka_unit_test(a_section_that_a_kind_never_shows_wants_no_sentences),
        cmocka_unit_test(a_password_is_in_groups_that_no_line_end_cuts),
        cmocka_unit_test(a_tenants_branding_stands_where_the_page_puts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
