/* One mailbox in a header (RFC 5322, section 3.4). */
#ifndef CORE_MAIL_MAILBOX_H
#define CORE_MAIL_MAILBOX_H

#include "core/buffer.h"
#include "core/text.h"

/* Appends `phrase <address>`, or the address alone where there is no phrase, and CRLF, to a header's name and
 * colon; folds where a line would get longer than 76 characters.  The address is a checked one. */
void mailbox_append(struct text phrase, struct text address, struct buffer *out);

#endif
