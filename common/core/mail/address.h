/* Whether a text is one mail address, and no more than one. */
#ifndef CORE_MAIL_ADDRESS_H
#define CORE_MAIL_ADDRESS_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* local@domain as RFC 5321, section 4.1.2, with UTF-8 as RFC 6531 allows: at most 254 bytes (64 before the
 * @), a quoted local part if it wants more than letters, digits, dots and !#$%&'*+-/=?^_`{|}~, a domain of
 * labels or an address literal.  CR, LF, NUL, other control characters, '<' and '>' are never part of one.
 * Dots at the ends of a local part or in a row are let through: such mailboxes exist.  STATUS_INVALID says
 * what is wrong and repeats nothing of it. */
enum status address_check(struct text address, struct error *error) WARN_UNUSED;

/* Whether sending to it needs SMTPUTF8 (RFC 6531): a byte outside ASCII. */
bool address_needs_smtputf8(struct text address);

/* The part after the last @. */
struct text address_domain(struct text address);

/* Appends a checked address as it stands in a header: a local part that RFC 5322 cannot take bare is quoted.
 */
void address_write(struct text address, struct buffer *out);

#endif
