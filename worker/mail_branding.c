/* The file is read whole, then parsed: what is being written while it is read gives an error or the old
 * state, and the next SIGHUP the new one.  It holds no secret. */
#include "worker/mail_branding.h"

#include <errno.h>
#include <stdio.h>

#include "core/buffer.h"

#define FILE_LIMIT ((size_t)4 * 1024 * 1024)

static enum status read_file(const char *path, struct buffer *content, struct error *error)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return error_set(error, STATUS_CONFIG, "%.160s:1: templates.tenants cannot be read: %s", path,
                         strerror(errno));
    char piece[4096];
    size_t size;
    while ((size = fread(piece, 1, sizeof piece, stream)) > 0)
        buffer_append(content, piece, size);
    int broken = ferror(stream) ? errno : 0;
    (void)fclose(stream);
    if (broken)
        return error_set(error, STATUS_CONFIG, "%.160s:1: templates.tenants cannot be read: %s", path,
                         strerror(broken));
    if (content->failed)
        return error_set(error, STATUS_CONFIG, "%.160s:1: has more than %zu MiB", path,
                         FILE_LIMIT / 1024 / 1024);
    return STATUS_OK;
}

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
    enum status status = read_file(path, &content, error);
    if (!status)
        status = branding_set_parse(path, buffer_text(&content), &rules, set, error);
    buffer_clear(&content);
    return status;
}
