/* Eight bytes of text looked at at once.  A result has the high bit of each byte for which the answer is yes,
 * and sometimes of one behind it: none at all means that all eight are surely fine, any that whoever asks
 * looks closer. */
#ifndef CORE_EIGHT_BYTES_H
#define CORE_EIGHT_BYTES_H

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
