/* What a value becomes in the place where it stands: one character alone, and anywhere in a longer value. */
#include "support.h"

#include "core/mail/escape.h"

#define URL_CHARACTERS "-._~:/?#[]@!$&'()*+,;=%"

static struct text escaped(enum place place, struct text value, struct buffer *out)
{
    buffer_reset(out);
    escape_append(place, ISOLATE_NOT, value, out);
    return buffer_text(out);
}

/* As the manual of each place has it, one byte at a time and without any table. */
static void expect(enum place place, unsigned char byte, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *const entities[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    if (byte < ' ' || byte > '~')
        return;
    if ((place == PLACE_HTML_URL || place == PLACE_HTML_IMAGE) && !word && !strchr(URL_CHARACTERS, byte)) {
        buffer_append(out, (char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
        return;
    }
    if (place >= PLACE_HTML_TEXT && entities[byte])
        buffer_append_string(out, entities[byte]);
    else
        buffer_append_byte(out, (char)byte);
}

static void a_character_is_escaped_wherever_in_a_value_it_stands(void **state)
{
    (void)state;
    static const char around[] = "0123456789abcdefghijklmnop";
    for (int place = PLACE_SUBJECT; place < PLACE_NONE; place++)
        for (int byte = 0; byte < 256; byte++)
            for (size_t at = 0; at < sizeof around - 1; at++) {
                char value[sizeof around];
                struct buffer out, expected;
                buffer_init(&out, 256);
                buffer_init(&expected, 256);
                memcpy(value, around, sizeof around);
                value[at] = (char)byte; /* beyond ASCII: not UTF-8, so left out */
                for (size_t i = 0; i < sizeof around - 1; i++)
                    expect((enum place)place, (unsigned char)value[i], &expected);
                struct text got = escaped((enum place)place, (struct text){value, sizeof around - 1}, &out);
                if (!text_equal(got, buffer_text(&expected)))
                    fail_msg("place %d, byte %d at %zu: %.*s", place, byte, at, (int)got.size, got.bytes);
                buffer_clear(&out);
                buffer_clear(&expected);
            }
}

static void marks_of_direction_are_left_out_and_letters_kept(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 256);
    struct text value = TEXT("in front of it \xE2\x80\xAE\xC3\xA9t\xC3\xA9 <b>\xC2\x85");
    assert_true(text_equal(escaped(PLACE_TEXT, value, &out), TEXT("in front of it \xC3\xA9t\xC3\xA9 <b>")));
    assert_true(text_equal(escaped(PLACE_HTML_TEXT, value, &out),
                           TEXT("in front of it \xC3\xA9t\xC3\xA9 &lt;b&gt;")));
    assert_true(text_equal(escaped(PLACE_HTML_URL, value, &out),
                           TEXT("in%20front%20of%20it%20%C3%A9t%C3%A9%20%3Cb%3E")));
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_character_is_escaped_wherever_in_a_value_it_stands),
        cmocka_unit_test(marks_of_direction_are_left_out_and_letters_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
