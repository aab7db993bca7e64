/* The phrase is content and gets encoded; the address has been checked and stands as it is.  Folding happens
 * only between the two, never inside an address. */
#include "core/mail/mailbox.h"

#include "core/mail/address.h"
#include "core/mail/encoded_word.h"

enum { LINE_SIZE = 76 };

static const char *line_end = "\r\n";

/* Characters on the line that is being written. */
static size_t column_of(const struct buffer *out)
{
    const char *last = out->size ? memrchr(out->bytes, '\n', out->size) : NULL;
    return last ? (size_t)(out->bytes + out->size - last - 1) : out->size;
}

void mailbox_append(struct text phrase, struct text address, struct buffer *out)
{
    if (phrase.size)
        encoded_phrase_append(phrase, column_of(out), out);
    size_t wanted = address.size + (phrase.size ? 5 : 2);
    if (column_of(out) + wanted > LINE_SIZE)
        buffer_append_string(out, line_end);
    if (phrase.size || column_of(out) == 0)
        buffer_append_byte(out, ' ');
    if (phrase.size)
        buffer_append_byte(out, '<');
    address_write(address, out);
    if (phrase.size)
        buffer_append_byte(out, '>');
    buffer_append_string(out, line_end);
}
