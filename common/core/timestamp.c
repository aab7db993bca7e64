/* RFC 3339 section 5.6 both ways, on the proleptic Gregorian calendar, without the C library's time zones.
 * Days are counted in 400-year eras that start on 1 March, so that the leap day comes last (Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
#include "core/timestamp.h"

#define MAXIMUM_SIZE   40
#define MAXIMUM_MILLIS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Takes `count` digits off the front; -1 where something else stands. */
static int take_digits(struct text *rest, size_t count)
{
    if (rest->size < count)
        return -1;
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        char byte = rest->bytes[i];
        if (byte < '0' || byte > '9')
            return -1;
        number = number * 10 + (byte - '0');
    }
    rest->bytes += count;
    rest->size -= count;
    return number;
}

static bool take_byte(struct text *rest, char byte)
{
    if (rest->size == 0 || rest->bytes[0] != byte)
        return false;
    rest->bytes++;
    rest->size--;
    return true;
}

static bool take_date(struct text *rest, int64_t *days)
{
    int year = take_digits(rest, 4);
    if (year < 2000 || !take_byte(rest, '-'))
        return false;
    int month = take_digits(rest, 2);
    if (month < 1 || month > 12 || !take_byte(rest, '-'))
        return false;
    int day = take_digits(rest, 2);
    if (day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_of_date(year, month, day);
    return true;
}

/* Milliseconds of the day. */
static bool take_time(struct text *rest, int64_t *milliseconds)
{
    int hour = take_digits(rest, 2);
    if (hour < 0 || hour > 23 || !take_byte(rest, ':'))
        return false;
    int minute = take_digits(rest, 2);
    if (minute < 0 || minute > 59 || !take_byte(rest, ':'))
        return false;
    int second = take_digits(rest, 2);
    if (second < 0 || second > 60)
        return false;
    int fraction = 0;
    if (take_byte(rest, '.')) {
        int scale = 100;
        int digit = take_digits(rest, 1);
        if (digit < 0)
            return false;
        for (; digit >= 0; digit = take_digits(rest, 1), scale /= 10)
            fraction += digit * scale;
    }
    *milliseconds = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    return true;
}

/* Milliseconds east of UTC. */
static bool take_offset(struct text *rest, int64_t *milliseconds)
{
    *milliseconds = 0;
    if (take_byte(rest, 'Z'))
        return true;
    bool west = take_byte(rest, '-');
    if (!west && !take_byte(rest, '+'))
        return false;
    int hour = take_digits(rest, 2);
    if (hour < 0 || hour > 23 || !take_byte(rest, ':'))
        return false;
    int minute = take_digits(rest, 2);
    if (minute < 0 || minute > 59)
        return false;
    *milliseconds = (hour * 60 + minute) * INT64_C(60000) * (west ? -1 : 1);
    return true;
}

bool timestamp_parse(struct text text, int64_t *milliseconds)
{
    int64_t days, time, offset;
    if (text.size > MAXIMUM_SIZE || !take_date(&text, &days) || !take_byte(&text, 'T') ||
        !take_time(&text, &time) || !take_offset(&text, &offset) || text.size != 0)
        return false;
    *milliseconds = days * INT64_C(86400000) + time - offset;
    return true;
}

/* Right-justified before `end`, over zeros. */
static void write_digits(char *end, unsigned number)
{
    for (; number > 0; number /= 10)
        *--end = (char)('0' + number % 10);
}

void timestamp_format(int64_t milliseconds, char out[static TIMESTAMP_SIZE])
{
    if (milliseconds < 0)
        milliseconds = 0;
    if (milliseconds > MAXIMUM_MILLIS)
        milliseconds = MAXIMUM_MILLIS;
    int64_t time = milliseconds % 86400000;
    int64_t shifted = milliseconds / 86400000 + 719468;
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    unsigned day = (unsigned)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    unsigned month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    unsigned year = (unsigned)(year_of_era + era * 400 + (month <= 2));
    memcpy(out, "0000-00-00T00:00:00.000Z", TIMESTAMP_SIZE);
    write_digits(out + 4, year);
    write_digits(out + 7, month);
    write_digits(out + 10, day);
    write_digits(out + 13, (unsigned)(time / 3600000));
    write_digits(out + 16, (unsigned)(time / 60000 % 60));
    write_digits(out + 19, (unsigned)(time / 1000 % 60));
    write_digits(out + 23, (unsigned)(time % 1000));
}
