/* One loop over the characters of a value, and one table of what a character becomes for each place.  Runs
 * without anything to escape are copied whole: most values are. */
#include "core/mail/escape.h"

#include "core/eight_bytes.h"
#include "core/mail/characters.h"

static const char *entity_of(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* What may be copied in every place: what RFC 3986 lets stand in a URL and means nothing in HTML.  '%' is of
 * these, because the URL comes encoded.  Sixteen bytes a row; those beyond ASCII have none. */
static bool is_simple(char byte)
{
    static const char simple[256] = "0000000000000000"
                                    "0000000000000000"
                                    "0101110011111111"
                                    "1111111111110101"
                                    "1111111111111111"
                                    "1111111111110101"
                                    "0111111111111111"
                                    "1111111111100010";
    return simple[(unsigned char)byte] == '1';
}

static bool is_url_character(uint32_t code)
{
    return code < 0x80 && (is_simple((char)code) || code == '&' || code == '\'');
}

static bool is_url_place(enum place place)
{
    return place == PLACE_HTML_URL || place == PLACE_HTML_IMAGE;
}

static void append_percent(struct text bytes, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.bytes[i];
        const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        buffer_append(out, escaped, sizeof escaped);
    }
}

/* Whether the character may be copied as it is. */
static bool is_plain(enum place place, uint32_t code, size_t size)
{
    if (size == 0 || character_is_control(code))
        return false;
    if (is_url_place(place) && !is_url_character(code))
        return false;
    return place < PLACE_HTML_TEXT || !entity_of(code);
}

static void append_escaped(enum place place, uint32_t code, struct text bytes, struct buffer *out)
{
    const char *entity = entity_of(code);
    if (character_is_control(code))
        return;
    if (is_url_place(place) && !is_url_character(code))
        append_percent(bytes, out);
    else if (entity)
        buffer_append_string(out, entity);
}

/* How many of the bytes from `at` on, eight by eight, may surely be copied. */
static size_t skip_plain(enum place place, struct text value, size_t at)
{
    size_t begin = at;
    for (; value.size - at >= sizeof(uint64_t) && !is_url_place(place); at += sizeof(uint64_t)) {
        uint64_t eight = eight_bytes(value.bytes + at), stop = eight_not_visible(eight);
        if (place >= PLACE_HTML_TEXT)
            stop |= eight_equal(eight, '"') | eight_equal(eight, '&') | eight_equal(eight, '\'') |
                    eight_equal(eight, '<') | eight_equal(eight, '>');
        if (stop)
            break;
    }
    return at - begin;
}

static void append_value(enum place place, struct text value, struct buffer *out)
{
    size_t plain = 0; /* where the run that can be copied whole began */
    for (size_t at = skip_plain(place, value, 0); at < value.size;) {
        if (is_simple(value.bytes[at])) {
            at++;
            continue;
        }
        uint32_t code = 0;
        size_t size = character_read(value, at, &code);
        if (!is_plain(place, code, size)) {
            buffer_append(out, value.bytes + plain, at - plain);
            if (size)
                append_escaped(place, code, (struct text){value.bytes + at, size}, out);
            plain = at + (size ? size : 1);
        }
        at += size ? size : 1;
        at += skip_plain(place, value, at);
    }
    if (value.size)
        buffer_append(out, value.bytes + plain, value.size - plain);
}

void escape_append(enum place place, enum isolation isolation, struct text value, struct buffer *out)
{
    const char *open, *close;
    if (isolation != ISOLATE_NOT && place == PLACE_TEXT) {
        open = isolation == ISOLATE_LEFT_TO_RIGHT ? "\xE2\x81\xA6" : "\xE2\x81\xA8"; /* LRI, FSI */
        close = "\xE2\x81\xA9";                                                      /* PDI */
    } else if (isolation != ISOLATE_NOT && place == PLACE_HTML_TEXT) {
        open = isolation == ISOLATE_LEFT_TO_RIGHT ? "<span dir=\"ltr\">" : "<span dir=\"auto\">";
        close = "</span>";
    } else {
        append_value(place, value, out);
        return;
    }
    buffer_append_string(out, open);
    append_value(place, value, out);
    buffer_append_string(out, close);
}

void escape_append_groups(struct text value, struct buffer *out)
{
    while (value.size) {
        const char *hyphen = memchr(value.bytes, '-', value.size);
        size_t size = hyphen ? (size_t)(hyphen - value.bytes) + 1 : value.size;
        buffer_append_string(out, "<span style=\"display:inline-block\">");
        append_value(PLACE_HTML_TEXT, (struct text){value.bytes, size}, out);
        buffer_append_string(out, "</span>");
        value = (struct text){value.bytes + size, value.size - size};
    }
}
