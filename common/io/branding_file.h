/* `[templates] tenants = FILE`: what each tenant's mails look like, one INI section a tenant. */
#ifndef IO_BRANDING_FILE_H
#define IO_BRANDING_FILE_H

#include "core/mail/branding.h"
#include "core/status.h"

/* What the operator allows: `link_url` is [link] url, `allowed` are the hosts of [link] allowed. */
struct branding_rules {
    const char *link_url;
    const char *const *allowed;
    size_t allowed_count;
};

/* Reads the file into a new set that depends on nothing else (at most 4 MiB).  STATUS_CONFIG, with file and
 * line, for the first thing that is wrong; the caller keeps the set it has. */
enum status branding_file_load(const char *path, const struct branding_rules *rules,
                               struct branding_set **set, struct error *error) WARN_UNUSED;

#endif
