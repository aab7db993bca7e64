/* Lower-case hex digits.  libsodium's functions promise the same constant time for writing and take five
 * times as long. */
#ifndef CORE_HEX_H
#define CORE_HEX_H

#include "core/text.h"

/* Writes 2 * `size` digits to `text`, and a NUL; in the same time whatever the bytes are. */
void hex_encode(const unsigned char *bytes, size_t size, char *text);

/* Whether `digits` are those of `size` bytes, which are then in `bytes`; capitals are not taken.  Not for
 * secrets. */
bool hex_decode(struct text digits, unsigned char *bytes, size_t size);

#endif
