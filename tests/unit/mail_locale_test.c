/* Which language a reader gets, and how moments are said. */
#include "support.h"

#include "core/mail/calendar.h"
#include "core/mail/locale.h"

#define WORDS                                                                                                \
    "direction: ltr\n"                                                                                       \
    "months: Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec\n"                                              \
    "weekdays: Mo | Tu | We | Th | Fr | Sa | Su\n"
#define TIME                                                                                                 \
    "time: {{weekday}} {{day}} {{month}} {{year}} {{hour}}:{{minute}} {{zone}}\n"                            \
    "plural: one\nminutes: one minute|{{n}} minutes\nhours: {{n}} hour|{{n}} hours\ndays: {{n}} day|{{n}} "  \
    "days\n"

static struct locale *parsed(const char *tag, const char *content)
{
    struct locale *locale;
    struct error error;
    assert_ok(locale_parse(text_of(tag), "test.locale", text_of(content), &locale, &error), &error);
    return locale;
}

static void moments_are_said_in_words_and_as_mail_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *words, *date;
    } cases[] = {
        {0, "Th 1 Jan 1970 00:00 UTC", "Thu, 01 Jan 1970 00:00:00 +0000"},
        {-1, "We 31 Dec 1969 23:59 UTC", "Wed, 31 Dec 1969 23:59:59 +0000"},
        {951782399999, "Mo 28 Feb 2000 23:59 UTC", "Mon, 28 Feb 2000 23:59:59 +0000"},
        {951782400000, "Tu 29 Feb 2000 00:00 UTC", "Tue, 29 Feb 2000 00:00:00 +0000"},
        {951868800000, "We 1 Mar 2000 00:00 UTC", "Wed, 01 Mar 2000 00:00:00 +0000"},
        {1763788259999, "Sa 22 Nov 2025 05:10 UTC", "Sat, 22 Nov 2025 05:10:59 +0000"},
        {1767225600000, "Th 1 Jan 2026 00:00 UTC", "Thu, 01 Jan 2026 00:00:00 +0000"},
        {4107542399000, "Su 28 Feb 2100 23:59 UTC", "Sun, 28 Feb 2100 23:59:59 +0000"},
        {4107542400000, "Mo 1 Mar 2100 00:00 UTC", "Mon, 01 Mar 2100 00:00:00 +0000"},
        {253402300799999, "Fr 31 Dec 9999 23:59 UTC", "Fri, 31 Dec 9999 23:59:59 +0000"},
    };
    struct locale *locale = parsed("en", WORDS TIME);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 512);
        locale_write_time(locale, cases[i].time_ms, 0, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes, cases[i].words);
        buffer_reset(&out);
        calendar_write_mail_date(cases[i].time_ms, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes, cases[i].date);
        buffer_clear(&out);
    }
    locale_free(&locale);
    assert_null(locale);
}

static void the_first_of_a_month_may_be_an_ordinal(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *words;
    } cases[] = {
        {0, "Th 1er Jan 1970 00:00 UTC"},
        {-1, "We 31 Dec 1969 23:59 UTC"},
        {864000000, "Su 11 Jan 1970 00:00 UTC"},
    };
    struct locale *locale = parsed("fr", WORDS TIME "first: 1er\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 512);
        locale_write_time(locale, cases[i].time_ms, 0, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes, cases[i].words);
        buffer_clear(&out);
    }
    locale_free(&locale);
}

static void a_reader_gets_the_nearest_language_and_never_another_script(void **state)
{
    (void)state;
    struct locale *locales[] = {
        parsed("en", WORDS TIME),
        parsed("pt-BR", "also: pt pt-PT\n" WORDS TIME),
        parsed("zh-Hans", "also: zh zh-CN zh-SG\n" WORDS TIME),
        parsed("ar", WORDS TIME),
        parsed("sr-Latn", WORDS TIME),
    };
    const size_t count = sizeof locales / sizeof *locales;
    static const struct {
        const char *wanted, *served; /* NULL: none */
    } cases[] = {
        {"en", "en"},
        {"en-GB", "en"},
        {"EN-gb", "en"},
        {"en_GB", "en"},
        {"en-x-private", "en"},
        {"eng", NULL},
        {"e", NULL},
        {"pt", "pt-BR"},
        {"pt-PT", "pt-BR"},
        {"pt-br", "pt-BR"},
        {"pt-AO", NULL},
        {"zh", "zh-Hans"},
        {"zh-CN", "zh-Hans"},
        {"zh-cn-x-a", "zh-Hans"},
        {"zh-Hans-CN", "zh-Hans"},
        {"zh-TW", NULL},
        {"zh-HK", NULL},
        {"zh-Hant", NULL},
        {"zh-Hant-TW", NULL},
        {"zh_tw", NULL},
        {"ar-EG", "ar"},
        {"sr", NULL},
        {"sr-Cyrl", NULL},
        {"sr-Latn-RS", "sr-Latn"},
        {"", NULL},
        {"-", NULL},
        {"--", NULL},
        {"-en", NULL},
        {"../../etc/passwd", NULL},
        {"fr", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t found = locale_lookup(locales, count, text_of(cases[i].wanted));
        struct text served = found < count ? locale_tag(locales[found]) : TEXT("none");
        if (!text_equal(served, text_of(cases[i].served ? cases[i].served : "none")))
            fail_msg("expected %s for %s, got %.*s", cases[i].served ? cases[i].served : "none",
                     cases[i].wanted, (int)served.size, served.bytes);
    }
    for (size_t i = 0; i < count; i++)
        locale_free(&locales[i]);
}

static void a_mistake_in_a_locale_is_named_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *content, *fault;
    } cases[] = {
        {WORDS, "test.locale:1: `time` is missing"},
        {WORDS "time: {{day}} {{month}}\n", "test.locale:4: `time` takes"},
        {WORDS "time: {{day}} {{second}} {{zone}}\n", "test.locale:4: `time` takes"},
        {WORDS "time: {{day UTC\n", "test.locale:4: `time` takes"},
        {WORDS "time: {{day}} UTC\n", "test.locale:4: `time` takes"},
        {WORDS "time: {{zone}}\n", "test.locale:1: `plural` is none, one, polish"},
        {WORDS "time: {{zone}}\nplural: english\n", "test.locale:5: `plural` is none, one, polish"},
        {WORDS "time: {{zone}}\nplural: one\nminutes: m\n", "test.locale:6: `minutes` wants 2 words"},
        {WORDS "time: {{zone}}\nplural: one\nminutes: m|n\n", "test.locale:1: `hours` is missing"},
        {WORDS TIME "colour: red\n", "test.locale:9: nothing uses `colour`"},
        {WORDS TIME "time: again\n", "test.locale:9: `time` stands already in line 4"},
        {WORDS TIME "Time zone\n", "test.locale:9: not `key: value`"},
        {"direction: up\n", "test.locale:1: `direction` is ltr or rtl"},
        {"direction: ltr\nmonths: a|b\n", "test.locale:2: `months` wants 12 words"},
        {"direction: ltr\nmonths: a|b|c|d|e|f|g|h|i|j|k|l|m\n", "test.locale:2: `months` wants 12 words"},
        {"direction: ltr\nmonths: a|b|c|d|e|f||h|i|j|k|l\n", "test.locale:2: `months` wants 12 words"},
        {"direction: ltr\n# \xFF\nmonths: \xFF\n", "test.locale:3: not UTF-8"},
        {"direction: ltr\ntime: \xE2\x80\xAE\n", "test.locale:2: not UTF-8, or a character that controls"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct locale *locale;
        struct error error;
        assert_int_equal(locale_parse(TEXT("en"), "test.locale", text_of(cases[i].content), &locale, &error),
                         STATUS_CONFIG);
        assert_null(locale);
        if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("expected '%s', got: %s", cases[i].fault, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_said_in_words_and_as_mail_dates),
        cmocka_unit_test(the_first_of_a_month_may_be_an_ordinal),
        cmocka_unit_test(a_reader_gets_the_nearest_language_and_never_another_script),
        cmocka_unit_test(a_mistake_in_a_locale_is_named_with_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
