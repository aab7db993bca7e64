/* RFC 3339 times as milliseconds since 1970-01-01T00:00:00Z. */
#ifndef CORE_TIMESTAMP_H
#define CORE_TIMESTAMP_H

#include <stdint.h>

#include "core/text.h"

#define TIMESTAMP_SIZE 25 /* "2025-11-22T05:10:00.123Z" and its NUL */

/* Reads an RFC 3339 date-time of at most 40 bytes with upper-case T and Z or a numeric offset, years 2000 to
 * 9999, any number of fraction digits (cut to milliseconds); second 60 counts as the second after it.  False,
 * and *milliseconds untouched, for anything else. */
bool timestamp_parse(struct text text, int64_t *milliseconds);

/* Writes UTC with milliseconds, NUL-closed; times before 1970 or after 9999 are clamped. */
void timestamp_format(int64_t milliseconds, char out[static TIMESTAMP_SIZE]);

#endif
