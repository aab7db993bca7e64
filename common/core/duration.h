/* Durations and rates as configuration writes them: "500ms", "30s", "5m", "24h", "7d"; "5/1h" is five in an
 * hour. */
#ifndef CORE_DURATION_H
#define CORE_DURATION_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

#define DURATION_MOST_MS (INT64_C(3650) * 86400000)

/* One whole number with one unit, 0 to ten years; "0" alone needs no unit.  STATUS_INVALID. */
WARN_UNUSED enum status duration_parse(struct text text, int64_t *ms, struct error *error);

struct rate {
    uint32_t count;    /* 0: nothing is allowed */
    int64_t period_ms; /* above 0 */
};

/* STATUS_INVALID. */
WARN_UNUSED enum status rate_parse(struct text text, struct rate *rate, struct error *error);

/* The shortest text that parses back to `ms`, e.g. 5400000 is "90m"; closed by a NUL. */
enum { DURATION_TEXT_SIZE = 24 };
void duration_print(int64_t ms, char text[DURATION_TEXT_SIZE]);

#endif
