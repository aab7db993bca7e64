/* Addresses and messages as they may go onto the wire (RFC 5321 2.3.8, 4.5.2). */
#ifndef CORE_SMTP_CONTENT_H
#define CORE_SMTP_CONTENT_H

#include "core/buffer.h"

#define SMTP_ADDRESS_LIMIT 320 /* bytes; RFC 5321 4.5.3.1: 64 + 1 + 255 */

/* No control byte, space, angle bracket or DEL; not longer than the limit. */
bool smtp_address_is_safe(struct text address);

/* Has bytes over 127: needs SMTPUTF8. */
bool smtp_address_is_international(struct text address);

/* Every line ends in CRLF, the last one too; no other CR or LF, no NUL. */
bool smtp_content_is_safe(struct text content);

/* Appends safe content with a second dot before each leading one. */
void smtp_content_append(struct buffer *out, struct text content);

#endif
