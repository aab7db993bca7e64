/* Proleptic Gregorian.  Days are counted from 0000-03-01, where a leap day is the last day of its year, and
 * in eras of 400 years, which all have 146097 days; the months from March have lengths that 153 days in five
 * months describe. */
#include "core/mail/calendar.h"

enum { DAYS_FROM_MARCH_0000 = 719468, DAYS_IN_ERA = 146097 };

static int64_t divide_down(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

struct calendar_moment calendar_moment_of(int64_t time_ms)
{
    int64_t seconds = divide_down(time_ms, 1000);
    int64_t days = divide_down(seconds, 86400);
    int64_t shifted = days + DAYS_FROM_MARCH_0000;
    int64_t era = divide_down(shifted, DAYS_IN_ERA);
    unsigned day_of_era = (unsigned)(shifted - era * DAYS_IN_ERA);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 2 : month_from_march - 10;
    unsigned second_of_day = (unsigned)(seconds - days * 86400);
    return (struct calendar_moment){
        .year = year_of_era + era * 400 + (month < 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
        .weekday = (unsigned)(((days + 3) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .hour = second_of_day / 3600,
        .minute = second_of_day / 60 % 60,
        .second = second_of_day % 60,
    };
}

int64_t calendar_days(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = divide_down(year, 400);
    int64_t year_of_era = year - era * 400;
    unsigned month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_IN_ERA + day_of_era - DAYS_FROM_MARCH_0000;
}

void calendar_write_two_digits(unsigned number, struct buffer *out)
{
    const char digits[2] = {(char)('0' + number / 10 % 10), (char)('0' + number % 10)};
    buffer_append(out, digits, sizeof digits);
}

void calendar_write_mail_date(int64_t time_ms, struct buffer *out)
{
    static const char weekdays[] = "MonTueWedThuFriSatSun", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct calendar_moment moment = calendar_moment_of(time_ms);
    buffer_append(out, weekdays + (size_t)3 * moment.weekday, 3);
    buffer_append_string(out, ", ");
    calendar_write_two_digits(moment.day, out);
    buffer_append_byte(out, ' ');
    buffer_append(out, months + (size_t)3 * moment.month, 3);
    buffer_append_byte(out, ' ');
    buffer_append_number(out, moment.year);
    buffer_append_byte(out, ' ');
    calendar_write_two_digits(moment.hour, out);
    buffer_append_byte(out, ':');
    calendar_write_two_digits(moment.minute, out);
    buffer_append_byte(out, ':');
    calendar_write_two_digits(moment.second, out);
    buffer_append_string(out, " +0000");
}
