/* The last look at bytes before a relay gets them.  Whatever another module overlooked, nothing passes here
 * that could end a command or a message early: a bare LF before a dot is how mails are smuggled into mails.
 */
#include "core/smtp/content.h"

bool smtp_address_is_safe(struct text address)
{
    if (address.size > SMTP_ADDRESS_LIMIT)
        return false;
    for (size_t i = 0; i < address.size; i++) {
        unsigned char byte = (unsigned char)address.bytes[i];
        if (byte <= ' ' || byte == 127 || byte == '<' || byte == '>')
            return false;
    }
    return true;
}

bool smtp_address_is_international(struct text address)
{
    for (size_t i = 0; i < address.size; i++)
        if ((unsigned char)address.bytes[i] > 127)
            return true;
    return false;
}

/* How often `byte` stands in the content, or -1 when one of them is not followed by `next` (0: may be). */
static long count_bytes(struct text content, char byte, char next)
{
    long count = 0;
    const char *end = content.bytes + content.size;
    const char *at = content.bytes;
    while ((at = memchr(at, byte, (size_t)(end - at)))) {
        at++;
        if (next && (at == end || *at != next))
            return -1;
        count++;
    }
    return count;
}

bool smtp_content_is_safe(struct text content)
{
    if (content.size < 2 || memcmp(content.bytes + content.size - 2, "\r\n", 2) != 0)
        return false;
    if (memchr(content.bytes, '\0', content.size))
        return false;
    long returns = count_bytes(content, '\r', '\n'); /* each before a LF: as many LF means none is bare */
    return returns > 0 && returns == count_bytes(content, '\n', 0);
}

void smtp_content_append(struct buffer *out, struct text content)
{
    const char *begin = content.bytes, *end = content.bytes + content.size;
    const char *line = begin;
    while (line < end) {
        if (*line == '.') {
            buffer_append(out, begin, (size_t)(line - begin));
            buffer_append_byte(out, '.');
            begin = line;
        }
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        line = newline ? newline + 1 : end;
    }
    buffer_append(out, begin, (size_t)(end - begin));
}
