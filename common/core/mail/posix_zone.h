/* The rule by which a zone goes on for ever: the TZ string of POSIX (IEEE Std 1003.1-2017, section 8.3) with
 * the wider times of RFC 8536, section 3.3.1, e.g. "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef CORE_MAIL_POSIX_ZONE_H
#define CORE_MAIL_POSIX_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

struct posix_change {
    enum { CHANGE_DAY_OF_YEAR, CHANGE_DAY_WITHOUT_LEAP, CHANGE_WEEKDAY } form;
    int day;         /* of the year, from 0; without leap: 29 February is never counted, from 1 */
    int month, week; /* weekday: month from 1, week from 1 (5: the last) */
    int weekday;     /* from 0 (Sunday) */
    int32_t time;    /* seconds after midnight, local; may be negative or more than a day */
};

struct posix_zone {
    int32_t standard, summer; /* seconds ahead of UTC */
    bool has_summer;
    struct posix_change begin, end; /* of summer time */
};

/* False where `rule` is no TZ string, or one whose summer time has no dates. */
bool posix_zone_parse(struct text rule, struct posix_zone *zone);

/* The seconds that local time is ahead of UTC, at a moment in seconds since 1970, UTC. */
int32_t posix_zone_offset(const struct posix_zone *zone, int64_t seconds);

#endif
