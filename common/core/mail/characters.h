/* The Unicode that mail cares about: reading UTF-8, and telling what controls or reorders text. */
#ifndef CORE_MAIL_CHARACTERS_H
#define CORE_MAIL_CHARACTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* The bytes of the character at `at` (1 to 4) and its code point; 0 where no valid UTF-8 (RFC 3629) begins.
 */
size_t character_read(struct text text, size_t at, uint32_t *code);

/* C0, DEL, C1, line and paragraph separators, marks, embeddings, overrides and isolates of direction, the
 * byte order mark, the language tag: nothing that a value may bring into a mail.  Joiners (U+200C, U+200D)
 * are content. */
bool character_is_control(uint32_t code);

/* Whether the text is valid UTF-8 without a character of that kind. */
bool characters_clean(struct text text);

/* Whether the text has a letter of a right-to-left script, so that its neighbours want protection from it. */
bool characters_right_to_left(struct text text);

#endif
