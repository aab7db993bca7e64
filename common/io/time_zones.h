/* The machine's time zones (/usr/share/zoneinfo), read when first asked for and then kept. */
#ifndef IO_TIME_ZONES_H
#define IO_TIME_ZONES_H

#include "core/mail/time_zone.h"
#include "core/status.h"

struct time_zones;

/* `directory` NULL: /usr/share/zoneinfo.  Where there are none, that is said in the log, once, and all times
 * are UTC. */
enum status time_zones_new(const char *directory, struct time_zones **zones, struct error *error) WARN_UNUSED;
void time_zones_free(struct time_zones **zones);

/* The zone of that name, which lives as long as `zones`; NULL (UTC) for a name that is empty, unknown or
 * none. */
const struct time_zone *time_zones_find(struct time_zones *zones, struct text name);

#endif
