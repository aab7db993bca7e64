/* The one place that knows how LP() is written; the sizes of events and keys are far below 4 GiB, and a
 * larger one would be our own bug. */
#include "core/length_prefixed.h"

#include <assert.h>
#include <stdint.h>

void length_prefixed_hash(crypto_generichash_state *hash, struct text text)
{
    assert(text.size <= UINT32_MAX);
    const unsigned char size[4] = {(unsigned char)(text.size >> 24), (unsigned char)(text.size >> 16),
                                   (unsigned char)(text.size >> 8), (unsigned char)text.size};
    crypto_generichash_update(hash, size, sizeof size);
    crypto_generichash_update(hash, (const unsigned char *)text.bytes, text.size);
}
