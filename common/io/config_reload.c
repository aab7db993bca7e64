/* The whole configuration is read anew from the same file, environment and arguments, and one value of it is
 * taken: a file with a fault anywhere is being edited, and counts for nothing. */
#include "io/config_reload.h"

#include "io/config_rules.h"
#include "io/config_value.h"

enum { FAULTS_MOST = 64 * 1024 };

static enum status first_fault(const struct buffer *faults, struct error *error)
{
    struct text all = buffer_text(faults);
    const char *end = all.size ? memchr(all.bytes, '\n', all.size) : NULL;
    return error_set(error, STATUS_CONFIG, "%.*s", end ? (int)(end - all.bytes) : (int)all.size, all.bytes);
}

enum status config_reload_not_before(const struct config *config, int64_t *not_before_ms, struct error *error)
{
    struct config *fresh = NULL;
    struct buffer faults;
    buffer_init(&faults, FAULTS_MOST);
    enum status status = config_load(config->program, &config->source, &fresh, &faults);
    if (status != STATUS_OK)
        status = first_fault(&faults, error);
    else
        status = config_rules_not_before(fresh, error);
    if (status == STATUS_OK)
        *not_before_ms = config_time_ms(fresh, CONFIG_TOKEN_NOT_BEFORE);
    buffer_clear(&faults);
    config_free(&fresh);
    return status;
}
