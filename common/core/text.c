/* What of a text needs more than its header: the wiping of those that are secret.  A text is not owned and
 * not written through, but for this. */
#include "core/text.h"

#include <stdint.h>

#include <sodium.h>

void text_wipe(struct text *text)
{
    if (text->size)
        sodium_memzero((char *)(uintptr_t)text->bytes, text->size);
    *text = (struct text){NULL, 0};
}
