/* The file is read whole, then parsed: what is being written while it is read gives an error or the old
 * state, and the next SIGHUP the new one.  It holds no secret. */
#include "worker/mail_branding.h"

#include "io/whole_file.h"

#define FILE_LIMIT ((size_t)4 * 1024 * 1024)

enum status mail_branding_load(const struct config *config, const struct mail_profile *profile,
                               struct branding_set **set, struct error *error)
{
    const char *path = config_text(config, CONFIG_TEMPLATES_TENANTS);
    *set = NULL;
    if (!path || !*path)
        return STATUS_OK;
    struct branding_rules rules = {.link_host = mail_profile_link(profile)->host,
                                   .sender = mail_profile_from(profile)};
    rules.allowed = config_list(config, CONFIG_LINK_ALLOWED, &rules.allowed_count);
    struct buffer content;
    buffer_init(&content, FILE_LIMIT);
    enum status status = whole_file_read(path, "templates.tenants", &content, error);
    if (!status)
        status = branding_set_parse(path, buffer_text(&content), &rules, set, error);
    buffer_clear(&content);
    return status;
}
