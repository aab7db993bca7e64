/* One sentence per failure, written where the failure is seen and carried up unchanged.  Text that does not
 * fit is cut: a shorter sentence beats a second failure. */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of analyzers, see status.h. */
#undef error_set
#undef error_set_field

static bool retryable(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT || status == STATUS_FULL;
}

__attribute__((format(printf, 4, 0))) static enum status
fill(struct error *error, enum status status, const char *field, const char *format, va_list arguments)
{
    if (!error)
        return status;
    error->status = status;
    error->retryable = retryable(status);
    snprintf(error->field, sizeof error->field, "%s", field);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    return status;
}

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, "", format, arguments);
    va_end(arguments);
    return status;
}

enum status error_set_field(struct error *error, enum status status, const char *field, const char *format,
                            ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, field, format, arguments);
    va_end(arguments);
    return status;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [STATUS_OK] = "ok",
        [STATUS_INVALID] = "invalid",
        [STATUS_DENIED] = "denied",
        [STATUS_NOT_FOUND] = "not_found",
        [STATUS_CONFLICT] = "conflict",
        [STATUS_FULL] = "full",
        [STATUS_TIMEOUT] = "timeout",
        [STATUS_UNAVAILABLE] = "unavailable",
        [STATUS_CONFIG] = "config",
        [STATUS_MEMORY] = "memory",
        [STATUS_INTERNAL] = "internal",
    };
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}
