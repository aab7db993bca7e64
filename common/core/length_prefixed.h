/* LP(x): x with its size before it in 4 bytes, big endian, on the way into a BLAKE2b, so that no two lists of
 * inputs give the same bytes. */
#ifndef CORE_LENGTH_PREFIXED_H
#define CORE_LENGTH_PREFIXED_H

#include <sodium.h>

#include "core/text.h"

void length_prefixed_hash(crypto_generichash_state *hash, struct text text);

#endif
