/* The base64 is GMime's; the cutting into words is ours, because g_mime_utils_header_encode_text and _phrase
 * (3.2.13) make words of more than the 75 characters that RFC 2047, section 2, allows, and take over
 * "=?...?=" of the value as a word. A value that holds "=?" is encoded as a whole, so that it is shown
 * literally.  Characters are never cut. */
#include "core/mail/encoded_word.h"

#include <gmime/gmime.h>

enum {
    LINE_SIZE = 76,
    PIECE_SIZE =
        39, /* bytes of value in a word: 52 characters of base64, 64 in all, and "Subject: " before it */
};

static bool is_plain(struct text value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.bytes[i] < 0x20 || value.bytes[i] > 0x7E ||
            (value.bytes[i] == '?' && i > 0 && value.bytes[i - 1] == '='))
            return false;
    return true;
}

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* How many bytes from `at` go into one word: whole characters of UTF-8, and a multiple of 3 where there is
 * one, because decoders that read neighbouring words as one base64 stream (GMime's does) stop at padding. */
static size_t piece_size(struct text value, size_t at)
{
    size_t left = value.size - at;
    if (left <= PIECE_SIZE)
        return left;
    for (size_t size = PIECE_SIZE; size >= 12; size -= 3)
        if (begins_character(value.bytes[at + size]))
            return size;
    size_t size = PIECE_SIZE;
    while (size > 1 && !begins_character(value.bytes[at + size]))
        size--;
    return size;
}

static void append_words(struct text value, struct buffer *out)
{
    for (size_t at = 0; at < value.size;) {
        size_t size = piece_size(value, at);
        GMimeEncoding encoding;
        char word[GMIME_BASE64_ENCODE_LEN(PIECE_SIZE)];
        g_mime_encoding_init_encode(&encoding, GMIME_CONTENT_ENCODING_BASE64);
        size_t written = g_mime_encoding_flush(&encoding, value.bytes + at, size, word);
        while (written && word[written - 1] == '\n')
            written--;
        buffer_append_string(out, at ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        buffer_append(out, word, written);
        buffer_append_string(out, "?=");
        at += size;
    }
}

void encoded_text_append(struct text value, size_t column, struct buffer *out)
{
    if (is_plain(value) && column + value.size <= LINE_SIZE)
        buffer_append_text(out, value);
    else
        append_words(value, out);
}

void encoded_phrase_append(struct text value, size_t column, struct buffer *out)
{
    if (!is_plain(value) || column + value.size + 2 > LINE_SIZE || memchr(value.bytes, '\\', value.size) ||
        memchr(value.bytes, '"', value.size)) {
        append_words(value, out);
        return;
    }
    buffer_append_byte(out, '"');
    buffer_append_text(out, value);
    buffer_append_byte(out, '"');
}
