/* Four bytes become eight digits, all eight at once in the bytes of one word (as in core/base64url.c): a
 * digit comes from its four bits by arithmetic, so that nothing tells about them.  Owns nothing. */
#include "core/hex.h"

#include "core/eight_bytes.h"

/* The 32 bits of `group` as eight digits, the first in the highest byte. */
static uint64_t digits_of(uint64_t group)
{
    uint64_t values = (group << 16 & UINT64_C(0x0000FFFF00000000)) | (group & 0xFFFF);
    values = (values << 8 & UINT64_C(0x00FF000000FF0000)) | (values & UINT64_C(0x000000FF000000FF));
    values = (values << 4 & UINT64_C(0x0F000F000F000F00)) | (values & UINT64_C(0x000F000F000F000F));
    return values + EIGHT_ONES * '0' + eight_reach(values, 10) * ('a' - '9' - 1);
}

void hex_encode(const unsigned char *bytes, size_t size, char *text)
{
    for (; size >= 4; size -= 4, bytes += 4, text += 8) {
        uint64_t group =
            (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
        eight_write(digits_of(group), 8, text);
    }
    for (; size > 0; size--, bytes++, text += 2) {
        eight_write(digits_of(*bytes) << 48, 2, text);
    }
    *text = '\0';
}

/* 16 or more: no digit. */
static unsigned value_of(char digit)
{
    unsigned number = (unsigned char)digit - (unsigned)'0', letter = (unsigned char)digit - (unsigned)'a';
    return number < 10 ? number : letter < 6 ? letter + 10 : 16;
}

bool hex_decode(struct text digits, unsigned char *bytes, size_t size)
{
    unsigned seen = 0;
    if (digits.size != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned high = value_of(digits.bytes[2 * i]), low = value_of(digits.bytes[2 * i + 1]);
        seen |= high | low;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return seen < 16;
}
