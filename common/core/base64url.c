/* Six bytes become eight characters, all eight at once in the bytes of one word.  A character comes from its
 * six bits by arithmetic: a table's cache lines and a branch's timing would tell about the bits, and among
 * what is written here are tokens and seeds.  Owns nothing. */
#include "core/base64url.h"

#include <sodium.h>

#include "core/eight_bytes.h"

/* The 48 low bits as eight characters, the first in the highest byte.  A range's start moves its values from
 * where the range before it would have them; no byte ever carries into the next. */
static uint64_t letters(uint64_t group)
{
    uint64_t values = (group << 8 & UINT64_C(0x00FFFFFF00000000)) | (group & 0xFFFFFF);
    values = (values << 4 & UINT64_C(0x0FFF00000FFF0000)) | (values & UINT64_C(0x00000FFF00000FFF));
    values = (values << 2 & UINT64_C(0x3F003F003F003F00)) | (values & UINT64_C(0x003F003F003F003F));
    return values + EIGHT_ONES * 'A' + eight_reach(values, 26) * ('a' - 'Z' - 1) -
           eight_reach(values, 52) * ('z' + 1 - '0') - eight_reach(values, 62) * ('9' + 1 - '-') +
           eight_reach(values, 63) * ('_' - '-' - 1);
}

char *base64url_encode(const unsigned char *bytes, size_t size, char *text)
{
    for (; size >= 6; size -= 6, bytes += 6, text += 8) {
        uint64_t group = (uint64_t)bytes[0] << 40 | (uint64_t)bytes[1] << 32 | (uint64_t)bytes[2] << 24 |
                         (uint64_t)bytes[3] << 16 | (uint64_t)bytes[4] << 8 | bytes[5];
        eight_write(letters(group), 8, text);
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < size; i++)
        rest |= (uint64_t)bytes[i] << (40 - 8 * i);
    eight_write(letters(rest), BASE64URL_LENGTH(size), text);
    return text + BASE64URL_LENGTH(size);
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
