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

bool smtp_content_is_safe(struct text content)
{
    if (content.size < 2 || memcmp(content.bytes + content.size - 2, "\r\n", 2) != 0)
        return false;
    unsigned char wrong = content.bytes[0] == '\n' || content.bytes[0] == '\0';
    for (size_t i = 1; i < content.size; i++) { /* all to the end, so that the compiler takes many at once */
        wrong |= (content.bytes[i] == '\n') != (content.bytes[i - 1] == '\r');
        wrong |= content.bytes[i] == '\0';
    }
    return !wrong;
}

/* Looks at every dot and not at every line: a mail has fewer of them. */
void smtp_content_append(struct buffer *out, struct text content)
{
    const char *copied = content.bytes, *end = content.bytes + content.size, *at = content.bytes;
    for (const char *dot; at < end && (dot = memchr(at, '.', (size_t)(end - at))); at = dot + 1)
        if (dot == content.bytes || dot[-1] == '\n') {
            buffer_append(out, copied, (size_t)(dot + 1 - copied));
            copied = dot;
        }
    buffer_append(out, copied, (size_t)(end - copied));
}
