/* POSIX counts offsets westward ("CET-1" is one hour ahead of UTC); everything here is eastward but for the
 * text itself.  Summer time begins at a local standard time and ends at a local summer time; on the southern
 * hemisphere its end comes first in a year.  Numbers are bounded as RFC 8536 bounds them. */
#include "core/mail/posix_zone.h"

#include "core/mail/calendar.h"

enum { HOUR = 3600, DAY = 24 * HOUR, NAME_LEAST = 3, OFFSET_HOURS = 24, TIME_HOURS = 167 };

static bool take(struct text *rest, char byte)
{
    if (rest->size == 0 || rest->bytes[0] != byte)
        return false;
    *rest = (struct text){rest->bytes + 1, rest->size - 1};
    return true;
}

static bool is_letter(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "CET", or "<+0330>". */
static bool take_name(struct text *rest)
{
    bool quoted = take(rest, '<');
    size_t size = 0;
    while (size < rest->size && (is_letter(rest->bytes[size]) ||
                                 (quoted && (is_digit(rest->bytes[size]) || rest->bytes[size] == '+' ||
                                             rest->bytes[size] == '-'))))
        size++;
    *rest = (struct text){rest->bytes + size, rest->size - size};
    return size >= NAME_LEAST && (!quoted || take(rest, '>'));
}

static bool take_number(struct text *rest, int least, int most, int *number)
{
    size_t size = 0;
    for (*number = 0; size < rest->size && is_digit(rest->bytes[size]); size++) {
        if (size == 3)
            return false;
        *number = *number * 10 + (rest->bytes[size] - '0');
    }
    *rest = (struct text){rest->bytes + size, rest->size - size};
    return size > 0 && *number >= least && *number <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct text *rest, int hours_most, int32_t *seconds)
{
    bool negative = take(rest, '-');
    int hours, minutes = 0, rest_seconds = 0;
    if (!negative)
        (void)take(rest, '+');
    if (!take_number(rest, 0, hours_most, &hours))
        return false;
    if (take(rest, ':')) {
        if (!take_number(rest, 0, 59, &minutes))
            return false;
        if (take(rest, ':') && !take_number(rest, 0, 59, &rest_seconds))
            return false;
    }
    *seconds = hours * HOUR + minutes * 60 + rest_seconds;
    *seconds = negative ? -*seconds : *seconds;
    return true;
}

static bool take_change(struct text *rest, struct posix_change *change)
{
    bool known;
    if (!take(rest, ','))
        return false;
    if (take(rest, 'M')) {
        change->form = CHANGE_WEEKDAY;
        known = take_number(rest, 1, 12, &change->month) && take(rest, '.') &&
                take_number(rest, 1, 5, &change->week) && take(rest, '.') &&
                take_number(rest, 0, 6, &change->weekday);
    } else if (take(rest, 'J')) {
        change->form = CHANGE_DAY_WITHOUT_LEAP;
        known = take_number(rest, 1, 365, &change->day);
    } else {
        change->form = CHANGE_DAY_OF_YEAR;
        known = take_number(rest, 0, 365, &change->day);
    }
    change->time = 2 * HOUR;
    return known && (!take(rest, '/') || take_time(rest, TIME_HOURS, &change->time));
}

bool posix_zone_parse(struct text rule, struct posix_zone *zone)
{
    *zone = (struct posix_zone){0};
    int32_t west;
    if (!take_name(&rule) || !take_time(&rule, OFFSET_HOURS, &west))
        return false;
    zone->standard = -west;
    if (rule.size == 0)
        return true;
    zone->has_summer = true;
    zone->summer = zone->standard + HOUR;
    if (!take_name(&rule))
        return false;
    if (rule.size && rule.bytes[0] != ',') {
        if (!take_time(&rule, OFFSET_HOURS, &west))
            return false;
        zone->summer = -west;
    }
    return take_change(&rule, &zone->begin) && take_change(&rule, &zone->end) && rule.size == 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day, counted from 1970-01-01, on which the change happens in that year. */
static int64_t day_of(const struct posix_change *change, int64_t year)
{
    int64_t new_year = calendar_days(year, 1, 1);
    if (change->form == CHANGE_DAY_OF_YEAR)
        return new_year + change->day;
    if (change->form == CHANGE_DAY_WITHOUT_LEAP)
        return new_year + change->day - 1 + (is_leap(year) && change->day >= 60);
    int64_t first = calendar_days(year, (unsigned)change->month, 1);
    int64_t after = change->month == 12 ? calendar_days(year + 1, 1, 1)
                                        : calendar_days(year, (unsigned)change->month + 1, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (change->weekday - weekday + 7) % 7 + (int64_t)7 * (change->week - 1);
    return day < after ? day : day - 7;
}

/* Beyond, summers and winters are those of the last year that can be counted with. */
static int64_t countable(int64_t seconds)
{
    const int64_t most = INT64_C(1) << 50;
    return seconds > most ? most : seconds < -most ? -most : seconds;
}

int32_t posix_zone_offset(const struct posix_zone *zone, int64_t seconds)
{
    if (!zone->has_summer)
        return zone->standard;
    seconds = countable(seconds);
    int64_t year = calendar_moment_of((seconds + zone->standard) * 1000).year;
    int64_t begin = day_of(&zone->begin, year) * DAY + zone->begin.time - zone->standard;
    int64_t end = day_of(&zone->end, year) * DAY + zone->end.time - zone->summer;
    bool summer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
    return summer ? zone->summer : zone->standard;
}
