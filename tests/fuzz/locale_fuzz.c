/* A language's file: refused with its line, or it says any moment and any span in clean words. */
#include "core/mail/characters.h"
#include "core/mail/locale.h"
#include "fuzz.h"

static const int64_t moments[] = {
    INT64_MIN / 2, -1, 0, INT64_C(1763788200000), INT64_C(253402300799999), INT64_C(951782400000)};
static const int64_t spans[] = {0,
                                1,
                                60000,
                                3600000,
                                INT64_C(2) * 86400000,
                                INT64_C(5) * 86400000,
                                INT64_C(111) * 86400000,
                                INT64_MAX / 2};
static const int32_t offsets[] = {0, 3600, -12600, 20700, 93599, -93599};

static void check_words(const struct locale *locale)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++) {
            buffer_reset(&out);
            locale_write_time(locale, moments[i], offsets[k], &out);
            HOLDS(!out.failed && characters_clean(buffer_text(&out)));
        }
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        buffer_reset(&out);
        locale_write_lifetime(locale, spans[i], &out);
        HOLDS(!out.failed && characters_clean(buffer_text(&out)));
    }
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text content = fuzz_own(bytes, size);
    struct locale *locale = NULL;
    struct error error = {0};
    /* The first line is also what a reader says to speak. */
    const char *end = size ? memchr(content.bytes, '\n', size) : NULL;
    struct text wanted = {content.bytes, end ? (size_t)(end - content.bytes) : size};
    if (locale_parse(TEXT("pt-BR"), "pt-BR.locale", content, &locale, &error) == STATUS_OK) {
        HOLDS(text_equal(locale_tag(locale), TEXT("pt-BR")));
        HOLDS(locale_lookup(&locale, 1, TEXT("PT_br-x-y")) == 0);
        HOLDS(locale_lookup(&locale, 1, wanted) <= 0 || locale_lookup(&locale, 1, wanted) == SIZE_MAX);
        (void)locale_right_to_left(locale);
        HOLDS(characters_clean(locale_claims(locale)));
        check_words(locale);
    } else {
        HOLDS(!locale && error.text[0]);
    }
    locale_free(&locale);
    fuzz_disown(&content);
    return 0;
}
