/* One number, one unit: "1h30m" is not read, because two ways to write a value are one too many in a
 * configuration. */
#include "core/duration.h"

#include <stdio.h>

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { UNITS = sizeof units / sizeof *units };

/* Takes the digits off the front; false when there is none or the number passes `most`. */
static bool take_number(struct text *text, int64_t most, int64_t *number)
{
    size_t digits = 0;
    *number = 0;
    while (digits < text->size && text->bytes[digits] >= '0' && text->bytes[digits] <= '9') {
        *number = *number * 10 + (text->bytes[digits] - '0');
        if (*number > most)
            return false;
        digits++;
    }
    *text = (struct text){text->bytes + digits, text->size - digits};
    return digits > 0;
}

static bool read_duration(struct text text, int64_t *ms)
{
    int64_t number;
    if (!take_number(&text, DURATION_MOST_MS, &number))
        return false;
    if (number == 0 && text.size == 0) {
        *ms = 0;
        return true;
    }
    for (size_t i = 0; i < UNITS; i++)
        if (text_equal(text_of(units[i].name), text) && number <= DURATION_MOST_MS / units[i].ms) {
            *ms = number * units[i].ms;
            return true;
        }
    return false;
}

enum status duration_parse(struct text text, int64_t *ms, struct error *error)
{
    if (text.size && read_duration(text, ms))
        return STATUS_OK;
    return error_set(
        error, STATUS_INVALID,
        "\"%.*s\" is no duration; write a whole number and ms, s, m, h or d, as in 30s, at most ten years",
        (int)(text.size < 40 ? text.size : 40), text.bytes ? text.bytes : "");
}

enum status rate_parse(struct text text, struct rate *rate, struct error *error)
{
    struct text rest = text;
    int64_t count, period;
    if (text.size && take_number(&rest, UINT32_MAX, &count) && rest.size && rest.bytes[0] == '/' &&
        read_duration((struct text){rest.bytes + 1, rest.size - 1}, &period) && period > 0) {
        *rate = (struct rate){(uint32_t)count, period};
        return STATUS_OK;
    }
    return error_set(
        error, STATUS_INVALID,
        "\"%.*s\" is no rate; write a number, a slash and a duration, as in 5/1h for five in an hour",
        (int)(text.size < 40 ? text.size : 40), text.bytes ? text.bytes : "");
}

void duration_print(int64_t ms, char text[DURATION_TEXT_SIZE])
{
    size_t unit = 0;
    while (ms % units[unit].ms != 0)
        unit++;
    if (ms == 0)
        unit = UNITS - 2;
    snprintf(text, DURATION_TEXT_SIZE, "%lld%s", (long long)(ms / units[unit].ms), units[unit].name);
}
