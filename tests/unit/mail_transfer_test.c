/* A part that is put together of pieces encoded apart is, decoded, what the template renders; and no line of
 * it is longer than RFC 2045 allows. */
#include "support.h"

#include <stdio.h>

#include <gmime/gmime.h>

#include "core/mail/template.h"
#include "mail_sources.h"
#include "worker/mail_templates.h"

#define TEN        "0123456789"
#define FIFTY      TEN TEN TEN TEN TEN
#define WIDE       "\xE3\x81\x82\xE3\x81\x84\xE3\x81\x86" /* three characters beyond ASCII */
#define NINE_WIDE  WIDE WIDE WIDE
#define GREETING   "{{#name}}Hello {{name}}{{/name}}{{^name}}Hello{{/name}}"
#define CYCLE_SIZE 8

static struct text decoded(const char *encoding, struct text body, struct buffer *out)
{
    GMimeEncoding decoder;
    bool quoted = strcmp(encoding, "quoted-printable") == 0;
    g_mime_encoding_init_decode(&decoder, quoted ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
                                                 : GMIME_CONTENT_ENCODING_BASE64);
    buffer_reset(out);
    char *room = buffer_reserve(out, g_mime_encoding_outlen(&decoder, body.size) + 1);
    assert_non_null(room);
    buffer_grow_by(out, g_mime_encoding_flush(&decoder, body.bytes, body.size, room));
    return buffer_text(out);
}

/* 7 bit, CRLF, at most 76 characters, nothing at a line's end that a relay might take away. */
static void assert_lines(struct text body)
{
    size_t length = 0;
    for (size_t i = 0; i < body.size; i++) {
        char byte = body.bytes[i];
        if (byte == '\r') {
            assert_true(i + 1 < body.size && body.bytes[i + 1] == '\n');
            assert_false(length > 0 && (body.bytes[i - 1] == ' ' || body.bytes[i - 1] == '\t'));
            length = 0;
            i++;
            continue;
        }
        assert_true(byte == '\t' || (byte >= ' ' && byte <= '~'));
        if (++length > 76)
            fail_msg("a line of more than 76: %.*s", 77, body.bytes + i - 76);
    }
    assert_false(length > 0 && (body.bytes[body.size - 1] == ' ' || body.bytes[body.size - 1] == '\t'));
}

static void assert_part(const struct mail_template *mail, enum mail_part part,
                        const struct mail_values *values)
{
    struct buffer plain, encoded, back;
    buffer_init(&plain, 1 << 20);
    buffer_init_secret(&encoded, 1 << 20);
    buffer_init(&back, 1 << 20);
    buffer_append_string(&encoded, "before\r\n");
    size_t start = encoded.size;
    template_render(mail, part, values, &plain);
    template_render_encoded(mail, part, values, &encoded);
    assert_false(encoded.failed);
    struct text body = {encoded.bytes + start, encoded.size - start};
    assert_lines(body);
    struct text got = decoded(template_encoding(mail, part), body, &back);
    if (!text_equal(got, buffer_text(&plain)))
        fail_msg("rendered:\n%.*s\ndecoded:\n%.*s\nraw:\n%.*s", (int)plain.size, plain.bytes, (int)got.size,
                 got.bytes, (int)body.size, body.bytes);
    buffer_clear(&plain);
    buffer_clear(&encoded);
    buffer_clear(&back);
}

static const struct text names[] = {
    {"", 0},
    {"Kim Lee", 7},
    {"a=b", 3},
    {"=", 1},
    {"=3D", 3},
    {" ", 1},
    {"Kim ", 4},
    {"Kim\t", 4},
    {".", 1},
    {"..", 2},
    {"Zo\xC3\xAB", 4},
    {WIDE, 9},
    {NINE_WIDE NINE_WIDE, 54},
    {"<b>&\"'", 6},
    {FIFTY "01234567890123456789012 ", 74},
    {FIFTY "012345678901234567890123 ", 75},
    {FIFTY "0123456789012345678901234", 75},
    {FIFTY "01234567890123456789012345", 76},
    {FIFTY "0123456789012345678901234 ", 76},
    {FIFTY FIFTY FIFTY FIFTY, 200},
};

static void assert_both_parts(const struct mail_template *mail)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (unsigned trigger = MAIL_TRIGGER_SELF; trigger <= MAIL_TRIGGER_MANAGER; trigger++) {
            struct mail_values values = {.trigger = (enum mail_trigger)trigger, .branded = i % 3 > 0};
            values.value[MAIL_VALUE_NAME] = names[i];
            values.value[MAIL_VALUE_TENANT] = names[(i + 7) % (sizeof names / sizeof *names)];
            values.value[MAIL_VALUE_LINK] = i % 2 ? TEXT("https://h.example/?a=1&t=x#" FIFTY FIFTY)
                                                  : TEXT("https://h.example/x#" FIFTY FIFTY);
            values.value[MAIL_VALUE_HOST] = TEXT("h.example");
            values.value[MAIL_VALUE_EXPIRES] = TEXT("Sunday, 23 November 2025, 05:10 UTC");
            values.value[MAIL_VALUE_REQUEST_ID] = TEXT("0d4b2ee5-8a2f-4c55-9f3a-6a3f1be0a001");
            values.value[MAIL_VALUE_PASSWORD] = TEXT("abcd-efgh-2345");
            values.value[MAIL_VALUE_LIFETIME] = TEXT("24 hours");
            values.value[MAIL_VALUE_HAPPENED] = TEXT("Sunday, 23 November 2025, 05:09 (UTC)");
            values.value[MAIL_VALUE_COLOUR] = values.value[MAIL_VALUE_EDGE] = TEXT("#00aa77");
            values.value[MAIL_VALUE_ON_COLOUR] = TEXT("#000000");
            if (i % 2) {
                values.value[MAIL_VALUE_SUPPORT] = names[(i + 3) % (sizeof names / sizeof *names)];
                values.value[MAIL_VALUE_IMPRINT] = names[(i + 5) % (sizeof names / sizeof *names)];
                values.value[MAIL_VALUE_LOGO] = TEXT("https://cdn.example/logo.png?a=b");
            }
            assert_part(mail, MAIL_TEXT, &values);
            assert_part(mail, MAIL_HTML, &values);
        }
    }
}

static void every_built_in_part_decodes_to_what_it_renders(void **state)
{
    (void)state;
    struct template_set *set;
    struct error error;
    assert_ok(mail_templates_load(NULL, NULL, &set, &error), &error);
    static const char *const locales[] = {"en", "ar", "ja"};
    for (unsigned kind = 0; kind < MAIL_KIND_COUNT; kind++)
        for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
            assert_both_parts(template_find(set, (enum mail_kind)kind, text_of(locales[i])));
    template_set_free(&set);
}

static const char *const pages[] = {
    "\n{{link}}\n",
    "\n{{link}}\nno line end",
    "\n{{link}}\nblank at the end ",
    "\n{{link}}\ntab at the end\t",
    "\n{{link}}\n{{name}}",
    "\n{{link}}\n{{name}} ",
    "\n{{link}}\n" FIFTY FIFTY " {{name}}",
    "\n{{link}}\n{{name}} \n",
    "\n{{link}}\n{{name}}\n.\n..\n. {{name}}\n{{name}}.\n",
    "\n{{link}}\n" FIFTY FIFTY " {{#name}}\n{{/name}}\n" FIFTY "\n",
    "\n{{link}}\n" FIFTY FIFTY " {{#name}}{{name}}{{/name}}\n" FIFTY FIFTY "\n",
    "\n{{link}}\n" FIFTY FIFTY "\t{{#name}}x{{/name}}\n = " FIFTY FIFTY "={{name}}=" FIFTY FIFTY "=\n",
    "\n{{link}}\n" GREETING "{{name}}{{tenant}}" GREETING FIFTY FIFTY GREETING " \n \n" GREETING,
    "\n{{link}}\n" FIFTY "012345678901234567890123{{name}}" FIFTY "0123456789012345678901234{{name}}\n",
    "\n{{link}}\n" FIFTY "01234567890123456789012345{{name}}" FIFTY "012345678901234567890123456{{name}}\n",
    "\n{{link}}\n{{name}}" WIDE "{{name}}" NINE_WIDE NINE_WIDE NINE_WIDE "{{name}}" NINE_WIDE "\n",
    "\n{{link}}\n{{name}}" NINE_WIDE NINE_WIDE "x{{tenant}}" NINE_WIDE NINE_WIDE "xy{{name}}" NINE_WIDE
    "\n\n",
    FIFTY FIFTY FIFTY FIFTY FIFTY WIDE "\n{{link}}\n{{name}}" FIFTY "= " WIDE " {{name}}\n" FIFTY FIFTY WIDE,
    "\x01\x7F\n{{link}}\n{{name}} \x01\n",
};

static void every_page_decodes_to_what_it_renders(void **state)
{
    (void)state;
    for (size_t page = 0; page < sizeof pages / sizeof *pages; page++) {
        /* Letters before it move the cuts of base64 and the columns of quoted-printable. */
        for (int shift = 0; shift < CYCLE_SIZE; shift++) {
            char text[2048], html[4096];
            snprintf(text, sizeof text, "%.*s%s", shift, "abcdefgh", pages[page]);
            snprintf(html, sizeof html, "<p style=\"margin:0\">%s</p>\n<a href=\"{{link}}\">{{link}}</a>%.*s",
                     pages[page], shift, "abcdefgh");
            const struct template_source sources[] = {
                {"link/page.txt", "page.txt", text_of(text)},
                {"link/page.html", "page.html", text_of(html)},
                OTHER_PAGES,
                OTHER_MAILS("en"),
                {"locales/en.locale", "en.locale", text_of(LOCALE("ltr"))},
                {"link/en.mail", "en.mail", text_of("subject: S\n")},
            };
            struct template_set *set;
            struct error error;
            assert_ok(template_set_new(sources, sizeof sources / sizeof *sources, "en", &set, &error),
                      &error);
            assert_both_parts(template_find(set, MAIL_LINK, TEXT("en")));
            template_set_free(&set);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_built_in_part_decodes_to_what_it_renders),
        cmocka_unit_test(every_page_decodes_to_what_it_renders),
    };
    g_mime_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_mime_shutdown();
    return failed;
}
