/* Three bytes become four characters.  A character comes from its six bits by arithmetic: a table's cache
 * lines and a branch's timing would tell about the bits.  Owns nothing. */
#include "core/base64url.h"

#include <sodium.h>

/* `value` is below 64.  Each line moves what is past the end of one range to the start of the next; the
 * subtraction wraps exactly there, and leaves ones for the mask. */
static char letter(unsigned value)
{
    unsigned code = value + 'A';
    code += ((25 - value) >> 8) & ('a' - 'Z' - 1);
    code -= ((51 - value) >> 8) & ('z' + 1 - '0');
    code -= ((61 - value) >> 8) & ('9' + 1 - '-');
    code += ((62 - value) >> 8) & ('_' - '-' - 1);
    return (char)code;
}

char *base64url_encode(const unsigned char *bytes, size_t size, char *text)
{
    for (; size >= 3; size -= 3, bytes += 3) {
        unsigned group = (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];
        *text++ = letter(group >> 18);
        *text++ = letter(group >> 12 & 63);
        *text++ = letter(group >> 6 & 63);
        *text++ = letter(group & 63);
    }
    if (size > 0) {
        unsigned group = (unsigned)bytes[0] << 16 | (size > 1 ? (unsigned)bytes[1] << 8 : 0);
        *text++ = letter(group >> 18);
        *text++ = letter(group >> 12 & 63);
        if (size > 1)
            *text++ = letter(group >> 6 & 63);
    }
    return text;
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
