/* Three bytes become four characters.  A character comes from its six bits by arithmetic: a table's cache
 * lines and a branch's timing would tell about the bits.  Eight characters are made at once, each in a byte
 * of one number, the first in the lowest.  Owns nothing. */
#include "core/base64url.h"

#include <sodium.h>

#define EACH UINT64_C(0x0101010101010101) /* times a byte: that byte in each place */

/* Four values of six bits. */
static uint64_t values_of(unsigned group)
{
    return group >> 18 | (group >> 4 & 0x3F00) | (group << 10 & 0x3F0000) | (uint64_t)(group & 0x3F) << 24;
}

static unsigned group_of(const unsigned char bytes[3])
{
    return (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];
}

/* A 1 in the place of each value above `limit`. */
static uint64_t above(uint64_t values, unsigned limit)
{
    return (values + EACH * (127 - limit)) >> 7 & EACH;
}

/* Each line moves what is past the end of one range to the start of the next; no place ever leaves 0 to 255,
 * so none touches its neighbour. */
static uint64_t letters(uint64_t values)
{
    uint64_t codes = values + EACH * 'A';
    codes += above(values, 25) * ('a' - 'Z' - 1);
    codes -= above(values, 51) * ('z' + 1 - '0');
    codes -= above(values, 61) * ('9' + 1 - '-');
    codes += above(values, 62) * ('_' - '-' - 1);
    return codes;
}

static inline char *put(uint64_t codes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        text[i] = (char)(codes >> 8 * i);
    return text + count;
}

char *base64url_encode(const unsigned char *bytes, size_t size, char *text)
{
    for (; size >= 6; size -= 6, bytes += 6)
        text = put(letters(values_of(group_of(bytes)) | values_of(group_of(bytes + 3)) << 32), 8, text);
    if (size >= 3) {
        text = put(letters(values_of(group_of(bytes))), 4, text);
        size -= 3;
        bytes += 3;
    }
    if (size == 0)
        return text;
    unsigned group = (unsigned)bytes[0] << 16 | (size > 1 ? (unsigned)bytes[1] << 8 : 0);
    return put(letters(values_of(group)), size + 1, text);
}

bool base64url_decode(struct text text, unsigned char *bytes, size_t size)
{
    unsigned char seen = 0;
    size_t decoded = 0;
    for (size_t i = 0; i < text.size; i++)
        seen |= (unsigned char)text.bytes[i];
    if (seen & 0x80) /* libsodium 1.0.18 takes some bytes over 127 for letters */
        return false;
    return text.size == BASE64URL_LENGTH(size) &&
           sodium_base642bin(bytes, size, text.bytes, text.size, NULL, &decoded, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           decoded == size;
}
