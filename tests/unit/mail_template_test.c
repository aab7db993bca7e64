/* Templates: every value escaped for its place, every mistake named with file and line. */
#include "support.h"

#include <stdio.h>

#include "core/mail/template.h"
#include "mail_sources.h"

struct files {
    const char *text, *html, *english, *arabic; /* NULL: the plain ones */
};

static enum status make(const struct files *files, struct template_set **set, struct error *error)
{
    const struct template_source sources[] = {
        {"link/page.txt", "page.txt", text_of(files->text ? files->text : TEXT_LINK)},
        {"link/page.html", "page.html", text_of(files->html ? files->html : HTML_LINK)},
        OTHER_PAGES,
        OTHER_MAILS("en"),
        OTHER_MAILS("ar"),
        {"locales/en.locale", "en.locale", text_of(LOCALE("ltr"))},
        {"locales/ar.locale", "ar.locale", text_of(LOCALE("rtl"))},
        {"link/en.mail", "en.mail", text_of(files->english ? files->english : "subject: S\n")},
        {"link/ar.mail", "ar.mail",
         text_of(files->arabic    ? files->arabic
                 : files->english ? files->english
                                  : "subject: S\n")},
    };
    return template_set_new(sources, sizeof sources / sizeof *sources, "en", set, error);
}

static struct mail_values values_with(struct text name)
{
    struct mail_values values = {.trigger = MAIL_TRIGGER_MANAGER};
    values.value[MAIL_VALUE_NAME] = name;
    values.value[MAIL_VALUE_TENANT] = TEXT("acme");
    values.value[MAIL_VALUE_LINK] = TEXT("https://h.example/?a=1&t=x");
    values.value[MAIL_VALUE_HOST] = TEXT("h.example");
    values.value[MAIL_VALUE_EXPIRES] = TEXT("soon");
    values.value[MAIL_VALUE_REQUEST_ID] = TEXT("id-1");
    return values;
}

/* Fails unless the part of the mail for `locale` is exactly `expected`. */
static void assert_rendered(const struct files *files, const char *locale, enum mail_part part,
                            const struct mail_values *values, const char *expected)
{
    struct template_set *set;
    struct error error;
    assert_ok(make(files, &set, &error), &error);
    struct buffer out;
    buffer_init(&out, 65536);
    template_render(template_find(set, MAIL_LINK, text_of(locale)), part, values, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal(out.bytes, expected);
    buffer_clear(&out);
    template_set_free(&set);
    assert_null(set);
}

static void a_value_stands_literally_wherever_the_page_puts_it(void **state)
{
    (void)state;
    const struct {
        struct text name;
        const char *html, *text; /* what the name becomes */
    } cases[] = {
        {TEXT("Kim"), "Kim", "Kim"},
        {TEXT("<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;", "<b>\"&'"},
        {TEXT("{{link}}"), "{{link}}", "{{link}}"},
        {TEXT("{{#name}}"), "{{#name}}", "{{#name}}"},
        {TEXT("&amp;"), "&amp;amp;", "&amp;"},
        {TEXT("a\r\nb\tc\0d"), "abcd", "abcd"},
        {TEXT("a\xE2\x80\xAE"
              "b\xE2\x81\xA9\xC2\x85"),
         "ab", "ab"},
        {TEXT("a\xFF\xC0\xAF"
              "b"),
         "ab", "ab"},
        {TEXT("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"), "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
         "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"},
    };
    const struct files files = {
        .text = "[{{name}}]" TEXT_LINK,
        .html = "<title>{{name}}</title><p title=\"{{name}}\" id='{{name}}'>{{name}}</p>" HTML_LINK,
        .english = "subject: {{name}}\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_values values = values_with(cases[i].name);
        char expected[1024];
        (void)snprintf(expected, sizeof expected,
                       "<title>%s</title><p title=\"%s\" id='%s'>%s</p>"
                       "<a href=\"https://h.example/?a=1&amp;t=x\">https://h.example/?a=1&amp;t=x</a>",
                       cases[i].html, cases[i].html, cases[i].html, cases[i].html);
        assert_rendered(&files, "en", MAIL_HTML, &values, expected);
        (void)snprintf(expected, sizeof expected, "[%s]\r\nhttps://h.example/?a=1&t=x\r\n", cases[i].text);
        assert_rendered(&files, "en", MAIL_TEXT, &values, expected);
        assert_rendered(&files, "en", MAIL_SUBJECT, &values, cases[i].text);
    }
}

static void what_no_url_may_hold_is_percent_encoded_in_a_link(void **state)
{
    (void)state;
    struct mail_values values = values_with(TEXT("Kim"));
    values.value[MAIL_VALUE_LINK] = TEXT("https://h.example/\" onload='x' <\xC3\xA9>%41\r\n");
    const struct files files = {.html = HTML_LINK};
    assert_rendered(&files, "en", MAIL_HTML, &values,
                    "<a href=\"https://h.example/%22%20onload=&#39;x&#39;%20%3C%C3%A9%3E%41\">"
                    "https://h.example/&quot; onload=&#39;x&#39; &lt;\xC3\xA9&gt;%41</a>");
}

static void sentences_are_text_and_escaped_where_the_page_puts_them(void **state)
{
    (void)state;
    const struct files files = {
        .text = "{{>hello}}" TEXT_LINK,
        .html = "<p title=\"{{>hello}}\">{{>hello}}</p>" HTML_LINK,
        .english = "subject: S\nhello: <Hi> \"{{name}}\"\n",
    };
    struct mail_values values = values_with(TEXT("K&M"));
    assert_rendered(&files, "en", MAIL_HTML, &values,
                    "<p title=\"&lt;Hi&gt; &quot;K&amp;M&quot;\">&lt;Hi&gt; &quot;K&amp;M&quot;</p>"
                    "<a href=\"https://h.example/?a=1&amp;t=x\">https://h.example/?a=1&amp;t=x</a>");
    assert_rendered(&files, "en", MAIL_TEXT, &values, "<Hi> \"K&M\"\r\nhttps://h.example/?a=1&t=x\r\n");
}

static void sections_show_what_holds(void **state)
{
    (void)state;
    const struct files files = {
        .text =
            "{{#name}}\nN{{#manager}}M{{/manager}}{{#self}}S{{/self}}\n{{/name}}\n{{^name}}-{{/name}}"
            "{{^manager}}!{{/manager}}{{#extra}}E{{/extra}}{{^extra}}e{{/extra}}{{#none}}{{>none}}{{/none}}"
            "{{^none}}n{{/none}}" TEXT_LINK,
        .html = "{{#extra}}" HTML_LINK "{{>extra}}{{/extra}}",
        .english = "subject: S\nextra: x\n",
    };
    struct mail_values values = values_with(TEXT("Kim"));
    assert_rendered(&files, "en", MAIL_TEXT, &values, "NM\r\nEn\r\nhttps://h.example/?a=1&t=x\r\n");
    values.value[MAIL_VALUE_NAME] = (struct text){NULL, 0};
    values.trigger = MAIL_TRIGGER_SELF;
    assert_rendered(&files, "en", MAIL_TEXT, &values, "-!En\r\nhttps://h.example/?a=1&t=x\r\n");
}

static void values_of_the_other_direction_are_isolated(void **state)
{
    (void)state;
    const struct files files = {
        .text = "{{dir}} {{name}} {{host}}" TEXT_LINK,
        .html =
            "<p lang=\"{{lang}}\" dir=\"{{dir}}\">{{name}} {{host}} {{request_id}} {{expires}}</p>" HTML_LINK,
    };
    struct mail_values values = values_with(TEXT("Kim"));
    assert_rendered(&files, "ar-EG", MAIL_TEXT, &values,
                    "rtl \xE2\x81\xA8Kim\xE2\x81\xA9 "
                    "\xE2\x81\xA6h.example\xE2\x81\xA9\r\nhttps://h.example/?a=1&t=x\r\n");
    assert_rendered(
        &files, "ar", MAIL_HTML, &values,
        "<p lang=\"ar\" dir=\"rtl\"><span dir=\"auto\">Kim</span> <span dir=\"ltr\">h.example</span> "
        "<span dir=\"ltr\">id-1</span> soon</p>"
        "<a href=\"https://h.example/?a=1&amp;t=x\">https://h.example/?a=1&amp;t=x</a>");
    assert_rendered(&files, "en", MAIL_TEXT, &values, "ltr Kim h.example\r\nhttps://h.example/?a=1&t=x\r\n");
    values.value[MAIL_VALUE_NAME] = TEXT("\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF");
    assert_rendered(&files, "en", MAIL_TEXT, &values,
                    "ltr \xE2\x81\xA8\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF\xE2\x81\xA9 "
                    "h.example\r\nhttps://h.example/?a=1&t=x\r\n");
}

static void a_mistake_is_named_with_file_and_line(void **state)
{
    (void)state;
    const struct {
        struct files files;
        const char *fault;
    } cases[] = {
        {{.text = "a\nb {{nmae}}" TEXT_LINK}, "page.txt:2: unknown placeholder `nmae`"},
        {{.html = "\n\n<p>{{ name }}</p>" HTML_LINK}, "page.html:3: unknown placeholder ` name `"},
        {{.english = "subject: S\nhello: {{nmae}}\n", .text = "{{>hello}}" TEXT_LINK},
         "en.mail:2: unknown placeholder `nmae`"},
        {{.text = "\n{{>hello}}" TEXT_LINK}, "page.txt:2: wants the sentence `hello`, which en.mail lacks"},
        {{.english = "subject: S\n\nhelo: x\n"}, "en.mail:3: nothing uses `helo`"},
        {{.arabic = "# nothing\n", .english = "subject: S\n"}, "ar.mail:1: wants the sentence `subject`"},
        {{.english = "subject: {{link}}\n"}, "en.mail:1: a subject must not carry the `link`"},
        {{.english = "subject: S\nx: see {{link}}\n", .text = "{{>x}}" TEXT_LINK},
         "en.mail:2: a sentence must not carry what the page does: `link`"},
        {{.english = "subject: S\nx: {{>y}}\ny: y\n", .text = "{{>x}}" TEXT_LINK},
         "en.mail:2: a sentence must not hold another"},
        {{.english = "subject: S\nx: {{#name}}y\n", .text = "{{>x}}" TEXT_LINK},
         "en.mail:2: a section is not closed"},
        {{.english = "subject: S\nx: y{{/name}}\n", .text = "{{#name}}{{>x}}" TEXT_LINK}, "en.mail:2: "},
        {{.text = "no link at all\n"}, "page.txt:2: the text has no {{link}} that is always shown"},
        {{.text = "{{#name}}\n{{link}}\n{{/name}}\n"},
         "page.txt:4: the text has no {{link}} that is always shown"},
        {{.text = "go to {{link}}\n"}, "page.txt:1: must stand alone"},
        {{.text = "{{link}}."}, "page.txt:1: must stand alone"},
        {{.html = "<p>{{link}}</p>"}, "page.html:1: the page has no {{link}} as href"},
        {{.html = "<a href=\"{{link}}\">x</a>"}, "page.html:1: the page has no {{link}} as text"},
        {{.html = "<a href={{link}}>x</a>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<a href=\"x{{link}}\">x</a>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<a href=\"{{name}}\">x</a>"}, "page.html:1: only {{link}} may be a URL"},
        {{.html = "<a href=\"{{link}}{{link}}\">x</a>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<a href=\"{{>subject}}\">x</a>"},
         "en.mail:1: the page puts this sentence where no text is safe"},
        {{.html = "<p {{name}}>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<{{name}}>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<p style=\"{{name}}\">"}, "page.html:1: no value is safe in this place"},
        {{.html = "<p onclick=\"{{name}}\">"}, "page.html:1: no value is safe in this place"},
        {{.html = "<style>{{name}}</style>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<SCRIPT type=\"x\">'{{name}}'</SCRIPT>"}, "page.html:1: no value is safe in this place"},
        {{.html = "<!-- <p>{{name}} -->"}, "page.html:1: no value is safe in this place"},
        {{.text = "\n{{#name}}x" TEXT_LINK}, "page.txt:4: this section is never closed: `name`"},
        {{.text = "{{/name}}" TEXT_LINK}, "page.txt:1: this closes no open section: `name`"},
        {{.text = "{{#name}}{{#self}}{{/name}}{{/self}}" TEXT_LINK},
         "page.txt:1: this closes no open section: `name`"},
        {{.text = "\n{{name\n" TEXT_LINK}, "page.txt:2: "},
        {{.text = "{{#name}}{{#self}}{{#host}}{{#link}}{{#tenant}}" TEXT_LINK},
         "page.txt:1: sections stand too deep"},
        {{.text = "{{}}" TEXT_LINK}, "page.txt:1: unknown placeholder ``"},
        {{.text = "\n{{password}}" TEXT_LINK}, "page.txt:2: a mail of the kind link never has `password`"},
        {{.html = "<p>{{happened}}</p>" HTML_LINK},
         "page.html:1: a mail of the kind link never has `happened`"},
        {{.english = "subject: {{happened}}\n"}, "en.mail:1: a mail of the kind link never has `happened`"},
        {{.html = "<title>{{link}}</title>" HTML_LINK}, "page.html:1: neither a title nor an attribute"},
        {{.html = "<p title=\"{{link}}\"></p>" HTML_LINK}, "page.html:1: neither a title nor an attribute"},
        {{.html = "<img src=\"{{link}}\">" HTML_LINK}, "page.html:1: only {{logo}} may be an image"},
        {{.html = "<link href=\"{{link}}\">" HTML_LINK}, "page.html:1: no value is safe in this place"},
        {{.html = "<iframe srcdoc=\"{{name}}\">" HTML_LINK}, "page.html:1: no value is safe in this place"},
        {{.html = "<meta content=\"{{name}}\">" HTML_LINK}, "page.html:1: no value is safe in this place"},
        {{.html = "<form action=\"{{link}}\">" HTML_LINK}, "page.html:1: no value is safe in this place"},
        {{.html = "<a href=\"{{logo}}\">x</a>" HTML_LINK}, "page.html:1: only {{link}} may be a URL"},
        {{.html = "<img src=\"https://x/{{logo}}\">" HTML_LINK}, "page.html:1: no value is safe"},
        {{.html = "<p style=\"color:{{support}}\">" HTML_LINK}, "page.html:1: no value is safe"},
        {{.html = "<p style=\"{{>subject}}\">" HTML_LINK},
         "en.mail:1: the page puts this sentence where no text is safe"},
        {{.html = "{{#self}}" HTML_LINK "{{/self}}"}, "page.html:1: the page has no {{link}} as href"},
        {{.html = "{{#password}}" HTML_LINK "{{/password}}"},
         "page.html:1: the page has no {{link}} as href"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template_set *set;
        struct error error;
        assert_int_equal(make(&cases[i].files, &set, &error), STATUS_CONFIG);
        assert_null(set);
        if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("case %zu: expected '%s', got: %s", i, cases[i].fault, error.text);
    }
}

static void a_comment_or_a_style_ends_where_it_ends(void **state)
{
    (void)state;
    const struct files files = {
        .html = "<!-- a -- > b --><style>p > a {}</style><p class=x title='>\"'>{{name}}</p>" HTML_LINK};
    struct mail_values values = values_with(TEXT("<"));
    assert_rendered(&files, "en", MAIL_HTML, &values,
                    "<!-- a -- > b --><style>p > a {}</style><p class=x title='>\"'>&lt;</p>"
                    "<a href=\"https://h.example/?a=1&amp;t=x\">https://h.example/?a=1&amp;t=x</a>");
}

static void a_set_with_a_file_missing_is_refused(void **state)
{
    (void)state;
    const struct {
        struct template_source sources[5];
        const char *fault;
    } cases[] = {
        {{{"locales/en.locale", "en.locale", TEXT(LOCALE("ltr"))}}, "link/en.mail:1: the file is missing"},
        {{{"locales/en.locale", "en.locale", TEXT(LOCALE("ltr"))},
          {"link/en.mail", "en.mail", TEXT("subject: S\n")},
          {"page.txt", "page.txt", TEXT("{{#link}}" TEXT_LINK "{{/link}}\n")},
          {"page.html", "page.html", TEXT("{{#link}}" HTML_LINK "{{/link}}")}},
         "temporary_password_mailed/en.mail:1: the file is missing"},
        {{{"locales/en.locale", "en.locale", TEXT(LOCALE("ltr"))},
          {"link/en.mail", "en.mail", TEXT("subject: S\n")}},
         "page.txt:1: the file is missing"},
        {{{"locales/en.locale", "en.locale", TEXT(LOCALE("ltr"))},
          {"link/en.mail", "en.mail", TEXT("subject: S\n")},
          {"page.txt", "page.txt", TEXT(TEXT_LINK)}},
         "page.html:1: the file is missing"},
        {{{"locales/fr.locale", "fr.locale", TEXT(LOCALE("ltr"))}},
         "locales/en.locale:1: the file of the default locale is missing"},
        {{{"link/de.mail", "/x/link/de.mail", TEXT("subject: S\n")}},
         "/x/link/de.mail:1: there is no such kind"},
        {{{"lnik/en.mail", "/x/lnik/en.mail", TEXT("subject: S\n")}},
         "/x/lnik/en.mail:1: there is no such kind"},
        {{{"locales/e.locale", "e.locale", TEXT(LOCALE("ltr"))}},
         "e.locale:1: the file's name is no language tag"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template_set *set;
        struct error error;
        size_t count = 0;
        while (count < 5 && cases[i].sources[count].path)
            count++;
        assert_int_equal(template_set_new(cases[i].sources, count, "en", &set, &error), STATUS_CONFIG);
        if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("expected '%s', got: %s", cases[i].fault, error.text);
    }
}

static void a_mutated_page_is_refused_or_still_escapes(void **state)
{
    (void)state;
    static const char plain[] =
        "<html lang=\"{{lang}}\"><title>{{>subject}}</title><style>p {}</style><!-- x -->\n"
        "<p title='{{name}}'>{{#name}}{{name}} {{tenant}}{{/name}}{{^self}}{{host}}{{/self}}</p>\n"
        "<a href=\"{{link}}\">{{link}}</a></html>\n";
    static const char bytes[] = "<>\"'={}#^/!-a \n\\\x01\xC3\xFF";
    struct mail_values values = values_with(TEXT("\"'><script>"));
    struct buffer out;
    buffer_init(&out, 65536);
    uint32_t random = 12345;
    size_t accepted = 0;
    for (size_t round = 0; round < 4000; round++) {
        char page[sizeof plain];
        memcpy(page, plain, sizeof plain);
        for (size_t change = 0; change <= round % 3; change++) {
            random = random * 1664525 + 1013904223;
            page[(random >> 8) % (sizeof plain - 1)] = bytes[(random >> 24) % (sizeof bytes - 1)];
        }
        struct template_set *set;
        struct error error;
        const struct files files = {.html = page, .text = page};
        const struct files only_html = {.html = page};
        if (make(&files, &set, &error) == STATUS_OK || make(&only_html, &set, &error) == STATUS_OK) {
            accepted++;
            buffer_reset(&out);
            template_render(template_find(set, MAIL_LINK, TEXT("en")), MAIL_HTML, &values, &out);
            assert_null(memmem(out.bytes, out.size, "<script", 7));
            assert_non_null(memmem(out.bytes, out.size, "https://h.example/", 18));
        } else {
            assert_null(strchr(error.text, '\n'));
            assert_true(strncmp(error.text, "page.html:", 10) == 0 ||
                        strncmp(error.text, "en.mail:", 8) == 0);
        }
        template_set_free(&set);
    }
    assert_in_range(accepted, 100, 3900);
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stands_literally_wherever_the_page_puts_it),
        cmocka_unit_test(what_no_url_may_hold_is_percent_encoded_in_a_link),
        cmocka_unit_test(sentences_are_text_and_escaped_where_the_page_puts_them),
        cmocka_unit_test(sections_show_what_holds),
        cmocka_unit_test(values_of_the_other_direction_are_isolated),
        cmocka_unit_test(a_mistake_is_named_with_file_and_line),
        cmocka_unit_test(a_comment_or_a_style_ends_where_it_ends),
        cmocka_unit_test(a_mutated_page_is_refused_or_still_escapes),
        cmocka_unit_test(a_set_with_a_file_missing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
