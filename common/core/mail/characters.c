/* Code point by code point, without tables: the blocks of right-to-left scripts (UAX 9) are contiguous, and
 * the characters that control text are few.  Invalid bytes are the caller's to skip; nothing here reads past
 * the text. */
#include "core/mail/characters.h"

size_t character_read(struct text text, size_t at, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes + at;
    size_t left = text.size - at;
    if (left == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    size_t size = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || left < size)
        return 0;
    uint32_t value = bytes[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return size;
}

bool character_is_control(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code <= 0x9F))
        return true;
    switch (code) {
    case 0x061C:  /* Arabic letter mark */
    case 0x200E:  /* left-to-right mark */
    case 0x200F:  /* right-to-left mark */
    case 0x2028:  /* line separator */
    case 0x2029:  /* paragraph separator */
    case 0xFEFF:  /* byte order mark */
    case 0xE0001: /* language tag */
        return true;
    default:
        return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x206F);
    }
}

bool characters_right_to_left(struct text text)
{
    uint32_t code = 0;
    for (size_t at = 0; at < text.size;) {
        if ((unsigned char)text.bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t size = character_read(text, at, &code);
        if (size > 1 && ((code >= 0x0590 && code <= 0x08FF) || (code >= 0xFB1D && code <= 0xFDFF) ||
                         (code >= 0xFE70 && code <= 0xFEFE) || (code >= 0x10800 && code <= 0x10FFF) ||
                         (code >= 0x1E800 && code <= 0x1EFFF)))
            return true;
        at += size ? size : 1;
    }
    return false;
}

bool characters_clean(struct text value)
{
    uint32_t code = 0;
    for (size_t at = 0; at < value.size;) {
        size_t size = character_read(value, at, &code);
        if (size == 0 || character_is_control(code))
            return false;
        at += size;
    }
    return true;
}
