/* What a relay offers, out of the lines of its EHLO reply (RFC 5321 4.1.1.1). */
#ifndef CORE_SMTP_CAPABILITIES_H
#define CORE_SMTP_CAPABILITIES_H

#include "core/text.h"

struct smtp_capabilities {
    bool pipelining;            /* RFC 2920 */
    bool eight_bit_mime;        /* RFC 6152 */
    bool smtputf8;              /* RFC 6531 */
    bool enhanced_status_codes; /* RFC 2034 */
    bool starttls;              /* RFC 3207 */
    bool auth;                  /* RFC 4954 */
    unsigned long long size;    /* bytes of the longest message, RFC 1870; 0: none said */
};

/* Takes one reply line as it came, with or without its line end: a 220 (greeting, or the answer to STARTTLS)
 * forgets everything, a 250 adds what it names, others say nothing.  Only the last EHLO's offers count. */
void smtp_capabilities_take(struct smtp_capabilities *capabilities, struct text line);

#endif
