/* Unstructured and phrase text in headers (RFC 2047), folded. */
#ifndef CORE_MAIL_ENCODED_WORD_H
#define CORE_MAIL_ENCODED_WORD_H

#include "core/buffer.h"
#include "core/text.h"

/* Appends `value` as it stands in Subject: as it is where it is short ASCII, as encoded words otherwise.
 * `column` is how many characters the line has already; no line gets longer than 76. */
void encoded_text_append(struct text value, size_t column, struct buffer *out);

/* The same for the phrase before an address: a quoted string where it is short ASCII. */
void encoded_phrase_append(struct text value, size_t column, struct buffer *out);

#endif
