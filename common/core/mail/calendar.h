/* A moment as a date and a time of day in UTC, by arithmetic alone. */
#ifndef CORE_MAIL_CALENDAR_H
#define CORE_MAIL_CALENDAR_H

#include <stdint.h>

#include "core/buffer.h"

struct calendar_moment {
    int64_t year;
    unsigned month, day, weekday; /* month from 0 (January), day from 1, weekday from 0 (Monday) */
    unsigned hour, minute, second;
};

/* `time_ms`: milliseconds since 1970-01-01T00:00:00Z; what is less than a second is cut off. */
struct calendar_moment calendar_moment_of(int64_t time_ms);

/* The days from 1970-01-01 to a date; month and day from 1. */
int64_t calendar_days(int64_t year, unsigned month, unsigned day);

/* Appends 0 to 99 as two digits. */
void calendar_write_two_digits(unsigned number, struct buffer *out);

/* Appends the date-time of RFC 5322, section 3.3: "Mon, 24 Nov 2025 05:10:00 +0000". */
void calendar_write_mail_date(int64_t time_ms, struct buffer *out);

#endif
