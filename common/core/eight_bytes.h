/* Eight bytes of text looked at, or made, at once.  What is looked for has the high bit of each byte for
 * which the answer is yes, and sometimes of one behind it: none at all means that all eight are surely fine,
 * any that whoever asks looks closer. */
#ifndef CORE_EIGHT_BYTES_H
#define CORE_EIGHT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_ONES  UINT64_C(0x0101010101010101)
#define EIGHT_HIGHS (EIGHT_ONES * 0x80)

static inline uint64_t eight_bytes(const char *bytes)
{
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    return eight;
}

/* A one in each byte that is `least` or more; bytes and `least` are below 128.  In the same time whatever
 * they are. */
static inline uint64_t eight_reach(uint64_t eight, unsigned least)
{
    return (eight + EIGHT_ONES * (128 - least)) >> 7 & EIGHT_ONES;
}

/* Writes the `count` highest bytes, the highest first. */
static inline void eight_write(uint64_t eight, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        text[i] = (char)(eight >> (56 - 8 * i));
}

/* Neither visible ASCII nor a blank. */
static inline uint64_t eight_not_visible(uint64_t eight)
{
    return (eight | (eight - EIGHT_ONES * ' ') | (eight + EIGHT_ONES)) & EIGHT_HIGHS;
}

/* Equal to an ASCII character; of bytes beyond ASCII it may say so, too. */
static inline uint64_t eight_equal(uint64_t eight, char character)
{
    return ((eight ^ EIGHT_ONES * (unsigned char)character) - EIGHT_ONES) & EIGHT_HIGHS;
}

#endif
