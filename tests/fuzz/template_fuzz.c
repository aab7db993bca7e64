/* An operator's pages and sentences: refused with file and line, or they show the link whatever the mail's
 * values are, put no value anywhere but as text, and say encoded what they say plainly.
 *
 * An input is a page of text, a page of HTML, English sentences and a locale with 0x1F between them; a part
 * that is empty is the plain one. */
#include <gmime/gmime.h>

#include "../unit/mail_sources.h"
#include "core/mail/characters.h"
#include "core/mail/template.h"
#include "fuzz.h"

enum { PARTS = 4, SEPARATOR = 0x1F, OUT_MOST = 1 << 20 };

#define LINK "https://h.example/?a=1&t=q7Zsecret"

/* What nothing but a value brings: a tag, quotes that end an attribute, a line. */
#define HOSTILE_NAME "q7Z<q7T>\"q7D'q7S\r\nq7L{{link}}\xE2\x80\xAEq7B&amp;"

static bool holds(struct text text, const char *part)
{
    return text.size && memmem(text.bytes, text.size, part, strlen(part));
}

static void check_line_form(struct text encoded)
{
    size_t line = 0;
    for (size_t i = 0; i < encoded.size; i++) {
        char byte = encoded.bytes[i];
        if (byte == '\r') {
            HOLDS(i + 1 < encoded.size && encoded.bytes[++i] == '\n');
            line = 0;
            continue;
        }
        HOLDS(byte == '\t' || (byte >= ' ' && byte <= '~'));
        HOLDS(++line <= 76);
    }
}

static void check_encoded(const struct mail_template *mail, enum mail_part part,
                          const struct mail_values *values, struct text plain)
{
    struct buffer encoded;
    GMimeEncoding decoder;
    buffer_init_secret(&encoded, OUT_MOST);
    template_render_encoded(mail, part, values, &encoded);
    HOLDS(!encoded.failed);
    check_line_form(buffer_text(&encoded));
    g_mime_encoding_init_decode(&decoder, strcmp(template_encoding(mail, part), "base64") == 0
                                              ? GMIME_CONTENT_ENCODING_BASE64
                                              : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    char *room = malloc(g_mime_encoding_outlen(&decoder, encoded.size) + 1);
    HOLDS(room);
    size_t size = g_mime_encoding_flush(&decoder, encoded.bytes ? encoded.bytes : "", encoded.size, room);
    HOLDS(text_equal((struct text){room, size}, plain));
    free(room);
    buffer_clear(&encoded);
}

static void check_part(const struct mail_template *mail, enum mail_part part,
                       const struct mail_values *values)
{
    struct buffer out;
    buffer_init_secret(&out, OUT_MOST);
    template_render(mail, part, values, &out);
    struct text shown = buffer_text(&out);
    HOLDS(!out.failed);
    HOLDS(!holds(shown, "\nq7L") && !holds(shown, "\xE2\x80\xAEq7B"));
    if (part == MAIL_SUBJECT)
        HOLDS(characters_clean(shown) && !holds(shown, "q7Zsecret"));
    if (part == MAIL_TEXT)
        HOLDS(holds(shown, "\r\n" LINK "\r\n") ||
              (shown.size >= strlen(LINK) && !memcmp(shown.bytes, LINK, strlen(LINK))));
    if (part == MAIL_HTML) {
        HOLDS(!holds(shown, "<q7T") && !holds(shown, "\"q7D") && !holds(shown, "'q7S"));
        HOLDS(holds(shown, "https://h.example/?a=1&amp;t=q7Zsecret"));
    }
    if (part != MAIL_SUBJECT)
        check_encoded(mail, part, values, shown);
    buffer_clear(&out);
}

static void check_mail(const struct template_set *set, struct text name, enum mail_trigger trigger,
                       bool branded)
{
    const struct mail_template *mail = template_find(set, MAIL_LINK, TEXT("en-GB"));
    struct mail_values values = {.trigger = trigger, .branded = branded};
    for (size_t i = 0; i < MAIL_VALUE_COUNT; i++)
        values.value[i] = (struct text){"", 0};
    values.value[MAIL_VALUE_NAME] = name;
    values.value[MAIL_VALUE_TENANT] = TEXT("a&b <q7T>\"q7D'q7S");
    values.value[MAIL_VALUE_LINK] = TEXT(LINK);
    values.value[MAIL_VALUE_HOST] = TEXT("h.example");
    values.value[MAIL_VALUE_EXPIRES] = TEXT("soon");
    values.value[MAIL_VALUE_LIFETIME] = TEXT("24 hours");
    values.value[MAIL_VALUE_REQUEST_ID] = TEXT("id-1");
    values.value[MAIL_VALUE_SUPPORT] = branded ? text_of(HOSTILE_NAME) : (struct text){"", 0};
    values.value[MAIL_VALUE_COLOUR] = TEXT("#1d4ed8");
    values.value[MAIL_VALUE_ON_COLOUR] = TEXT("#ffffff");
    values.value[MAIL_VALUE_EDGE] = TEXT("#1d4ed8");
    for (int part = 0; part < MAIL_PART_COUNT; part++)
        check_part(mail, (enum mail_part)part, &values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text input = fuzz_own(bytes, size),
                parts[PARTS] = {TEXT(TEXT_LINK), TEXT(HTML_LINK), PLAIN_SUBJECT, TEXT(LOCALE("ltr"))};
    struct template_set *set = NULL;
    struct error error = {0};
    size_t at = 0;
    for (size_t part = 0; part < PARTS && at < size; part++) {
        const char *end = memchr(input.bytes + at, SEPARATOR, size - at);
        struct text own = {input.bytes + at, end ? (size_t)(end - input.bytes) - at : size - at};
        if (own.size)
            parts[part] = own;
        at += own.size + 1;
    }
    const struct template_source sources[] = {
        {"link/page.txt", "page.txt", parts[0]},
        {"link/page.html", "page.html", parts[1]},
        OTHER_PAGES,
        OTHER_MAILS("en"),
        {"locales/en.locale", "en.locale", parts[3]},
        {"link/en.mail", "en.mail", parts[2]},
    };
    if (holds(input, "q7")) {
        fuzz_disown(&input);
        return 0; /* it says what only values say */
    }
    enum status status = template_set_new(sources, sizeof sources / sizeof *sources, "en", &set, &error);
    fuzz_disown(&input); /* the set keeps nothing of it */
    if (status == STATUS_OK) {
        check_mail(set, TEXT(""), MAIL_TRIGGER_SELF, false);
        check_mail(set, text_of(HOSTILE_NAME), MAIL_TRIGGER_MANAGER, true);
    } else {
        HOLDS(!set && error.text[0]);
    }
    template_set_free(&set);
    return 0;
}
