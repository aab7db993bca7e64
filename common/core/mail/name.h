/* Which display names a mail may carry.  A name is content, chosen by whoever registered: it must not look
 * like part of the mail or lead anywhere. */
#ifndef CORE_MAIL_NAME_H
#define CORE_MAIL_NAME_H

#include <stdbool.h>

#include "core/text.h"

/* At most 64 characters of valid UTF-8, not blank; none that control or reorder text, no '/', '@', '<', '>'
 * or "=?" (an encoded word), nothing like a domain (a letter or digit, a dot, two letters or more). */
bool name_usable(struct text name);

#endif
