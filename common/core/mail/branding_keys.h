/* The keys that a tenant's section may have, and what is checked of each. */
#ifndef CORE_MAIL_BRANDING_KEYS_H
#define CORE_MAIL_BRANDING_KEYS_H

#include "core/buffer.h"
#include "core/mail/branding.h"

enum { BRANDING_KEYS = 8 };

/* Which of the keys it is, or BRANDING_KEYS; all their names, for an error. */
size_t branding_key_named(struct text name);
extern const char branding_key_names[];

/* Sets the value; NULL, or what is wrong with it, as the end of a sentence that begins with the key's name.
 * The From line is appended to `headers`, and only its size is set: it is where the header before it ends. */
const char *branding_key_set(size_t key, struct text value, const struct branding_rules *rules,
                             struct branding *branding, struct buffer *headers);

#endif
