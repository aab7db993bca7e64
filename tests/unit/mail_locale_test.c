/* Which language a reader gets, and how moments are said. */
#include "support.h"

#include "core/mail/calendar.h"
#include "core/mail/locale.h"
#include "core/mail/plural.h"

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

static void assert_time(const struct locale *locale, int64_t time_ms, int32_t offset, const char *words)
{
    struct buffer out;
    buffer_init(&out, 512);
    locale_write_time(locale, time_ms, offset, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal(out.bytes, words);
    buffer_clear(&out);
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
        assert_time(locale, cases[i].time_ms, 0, cases[i].words);
        buffer_init(&out, 512);
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
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_time(locale, cases[i].time_ms, 0, cases[i].words);
    locale_free(&locale);
}

static void a_moment_is_told_by_the_readers_clock_and_names_its_zone(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        int32_t offset;
        const char *words;
    } cases[] = {
        {1763788200000, 3600, "Sa 22 Nov 2025 06:10 UTC+1"},
        {1763788200000, -10800, "Sa 22 Nov 2025 02:10 UTC-3"},
        {1763788200000, -12600, "Sa 22 Nov 2025 01:40 UTC-3:30"},
        {1763788200000, 20700, "Sa 22 Nov 2025 10:55 UTC+5:45"},
        {1763788200000, 50400, "Sa 22 Nov 2025 19:10 UTC+14"},
        {1767225599000, 60, "Th 1 Jan 2026 00:00 UTC+0:01"},
        {1767225599000, 59, "Th 1 Jan 2026 00:00 UTC"},
        {1767225600000, -1, "We 31 Dec 2025 23:59 UTC"},
    };
    struct locale *locale = parsed("en", WORDS TIME);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_time(locale, cases[i].time_ms, cases[i].offset, cases[i].words);
    locale_free(&locale);
}

static void a_time_span_is_said_in_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        int64_t span_ms;
        const char *words;
    } cases[] = {
        {86400000, "24 hours"}, {3600000, "1 hour"},     {5400000, "90 minutes"}, {60000, "one minute"},
        {119999, "one minute"}, {120000, "2 minutes"},   {1000, "one minute"},    {0, "one minute"},
        {-5, "one minute"},     {172800000, "48 hours"}, {259200000, "3 days"},   {262800000, "73 hours"},
        {604800000, "7 days"},
    };
    struct locale *locale = parsed("en", WORDS TIME);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 512);
        locale_write_lifetime(locale, cases[i].span_ms, &out);
        buffer_append_byte(&out, 0);
        assert_string_equal(out.bytes, cases[i].words);
        buffer_clear(&out);
    }
    locale_free(&locale);
}

static void a_number_takes_the_form_that_its_language_has_for_it(void **state)
{
    (void)state;
    static const struct {
        const char *plural;
        size_t forms;
        const char *of_numbers; /* the form of 0, 1, 2 ... as a digit */
    } cases[] = {
        {"none", 1, "00000"},
        {"one", 2, "10111111111111111111111"},
        {"polish", 3, "20111222222222222222221112222222111"},
        {"russian", 3, "20111222222222222222201112222220111"},
        {"czech", 3, "2011122222222222222222222"},
        {"arabic", 5, "301222222223333333333333333"},
    };
    enum plural plural;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(plural_named(text_of(cases[i].plural), &plural));
        assert_int_equal(plural_forms(plural), cases[i].forms);
        for (size_t number = 0; cases[i].of_numbers[number]; number++)
            if (plural_form(plural, (int64_t)number) != (size_t)(cases[i].of_numbers[number] - '0'))
                fail_msg("%s of %zu: %zu", cases[i].plural, number, plural_form(plural, (int64_t)number));
    }
    assert_int_equal(plural_form(plural, 100), 4);
    assert_int_equal(plural_form(plural, 102), 4);
    assert_int_equal(plural_form(plural, 103), 2);
    assert_int_equal(plural_form(plural, 111), 3);
    assert_false(plural_named(TEXT("english"), &plural));
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

/* As many pieces as 300 bytes can have, with words before, between and behind them. */
static void a_time_may_be_as_long_as_it_is_allowed_to_be(void **state)
{
    (void)state;
    static const struct {
        const char *before, *field, *said;
        size_t fields;
    } cases[] = {{" ", "{{day}}", "1", 36}, {"", "{{day}}", "1", 41}, {"--", "{{year}}", "1970", 29}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer content, said;
        buffer_init(&content, 4096);
        buffer_init(&said, 4096);
        buffer_append_string(&content, WORDS "time: {{zone}}");
        buffer_append_string(&said, "UTC");
        for (size_t field = 0; field < cases[i].fields; field++) {
            buffer_append_string(&content, cases[i].before);
            buffer_append_string(&content, cases[i].field);
            buffer_append_string(&said, cases[i].before);
            buffer_append_string(&said, cases[i].said);
        }
        buffer_append_string(&content, "!\nplural: one\nminutes: a|b\nhours: a|b\ndays: a|b\n");
        buffer_append_byte(&content, 0);
        buffer_append(&said, "!", 2);
        struct locale *locale = parsed("en", content.bytes);
        assert_time(locale, 0, 0, said.bytes);
        locale_free(&locale);
        buffer_clear(&content);
        buffer_clear(&said);
    }
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
        cmocka_unit_test(a_moment_is_told_by_the_readers_clock_and_names_its_zone),
        cmocka_unit_test(a_time_span_is_said_in_the_unit_that_fits),
        cmocka_unit_test(a_number_takes_the_form_that_its_language_has_for_it),
        cmocka_unit_test(a_reader_gets_the_nearest_language_and_never_another_script),
        cmocka_unit_test(a_time_may_be_as_long_as_it_is_allowed_to_be),
        cmocka_unit_test(a_mistake_in_a_locale_is_named_with_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
