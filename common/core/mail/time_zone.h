/* A time zone of the IANA database, as a pure value: when which offset from UTC holds.  Neither libc's state
 * nor the machine's own zone has a say. */
#ifndef CORE_MAIL_TIME_ZONE_H
#define CORE_MAIL_TIME_ZONE_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

struct time_zone;

/* Takes the content of a TZif file (RFC 8536; at most 64 KiB) and copies what it keeps.  STATUS_INVALID where
 * it is none, or contradicts itself. */
enum status time_zone_parse(struct text content, struct time_zone **zone, struct error *error) WARN_UNUSED;
void time_zone_free(struct time_zone **zone);

/* The seconds that local time is ahead of UTC at that moment (ms since 1970, UTC), for any moment; 0 where
 * `zone` is NULL. */
int32_t time_zone_offset(const struct time_zone *zone, int64_t time_ms);

/* Whether the text has the form of a zone's name ("Europe/Berlin", "Etc/GMT+8"): words of letters, digits,
 * '-', '+' and '_', each beginning with a letter, with '/' between them; at most 64 bytes. */
bool time_zone_name_valid(struct text name);

#endif
