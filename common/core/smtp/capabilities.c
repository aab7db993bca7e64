/* EHLO's lines one by one, as they pass by: "250-KEYWORD parameters".  Keywords are compared without case;
 * what is not known says nothing.  A 220 forgets all, because what was offered in plain must not count under
 * TLS (RFC 3207 4.2). */
#include "core/smtp/capabilities.h"

#include <strings.h>

static bool is_keyword(struct text line, const char *keyword)
{
    size_t size = strlen(keyword);
    return line.size >= size && strncasecmp(line.bytes, keyword, size) == 0 &&
           (line.size == size || line.bytes[size] == ' ');
}

/* The number after "SIZE "; 0 where there is none or it is beyond belief. */
static unsigned long long read_size(struct text line)
{
    unsigned long long size = 0;
    for (size_t at = sizeof "SIZE"; at < line.size; at++) {
        if (line.bytes[at] < '0' || line.bytes[at] > '9' || size > 1ull << 60)
            return 0;
        size = size * 10 + (unsigned long long)(line.bytes[at] - '0');
    }
    return size;
}

void smtp_capabilities_take(struct smtp_capabilities *capabilities, struct text line)
{
    while (line.size > 0 && (line.bytes[line.size - 1] == '\n' || line.bytes[line.size - 1] == '\r' ||
                             line.bytes[line.size - 1] == ' '))
        line.size--;
    if (line.size >= 3 && memcmp(line.bytes, "220", 3) == 0)
        *capabilities = (struct smtp_capabilities){0};
    if (line.size < 5 || memcmp(line.bytes, "250", 3) != 0 || (line.bytes[3] != '-' && line.bytes[3] != ' '))
        return;
    line.bytes += 4;
    line.size -= 4;
    if (is_keyword(line, "PIPELINING"))
        capabilities->pipelining = true;
    else if (is_keyword(line, "8BITMIME"))
        capabilities->eight_bit_mime = true;
    else if (is_keyword(line, "SMTPUTF8"))
        capabilities->smtputf8 = true;
    else if (is_keyword(line, "ENHANCEDSTATUSCODES"))
        capabilities->enhanced_status_codes = true;
    else if (is_keyword(line, "STARTTLS"))
        capabilities->starttls = true;
    else if (is_keyword(line, "AUTH"))
        capabilities->auth = true;
    else if (is_keyword(line, "SIZE"))
        capabilities->size = read_size(line);
}
