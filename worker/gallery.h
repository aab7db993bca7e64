/* `reset-worker render --all DIR`: every kind of mail in every language, to look at. */
#ifndef WORKER_GALLERY_H
#define WORKER_GALLERY_H

#include "core/mail/message.h"

/* Writes KIND.TAG.html, KIND.TAG.txt and KIND.TAG.eml for each kind and language of `set`, and an index.html
 * that shows them, into the folder, which is made where it is missing.  `example` has the values; its kind
 * and locale are not looked at.  STATUS_UNAVAILABLE, naming the file, where one cannot be written. */
enum status gallery_write(const char *folder, const struct mail_profile *profile,
                          const struct template_set *set, const struct mail *example,
                          struct error *error) WARN_UNUSED;

#endif
