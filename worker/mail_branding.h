/* `[templates] tenants = FILE`: how each tenant's mails look; templates/README.md tells the file's form. */
#ifndef WORKER_MAIL_BRANDING_H
#define WORKER_MAIL_BRANDING_H

#include "core/mail/branding.h"
#include "core/mail/message.h"
#include "io/config.h"

/* Reads the file (at most 4 MiB) into a new set, which depends on nothing else; `*set` is NULL where the
 * configuration names no file.  Allowed hosts are those of `[link] allowed` and of the profile's link; the
 * sender is the profile's.  STATUS_CONFIG, with file and line, for the first thing that is wrong: the caller
 * keeps the set it has.  Freed with branding_set_free. */
enum status mail_branding_load(const struct config *config, const struct mail_profile *profile,
                               struct branding_set **set, struct error *error) WARN_UNUSED;

#endif
