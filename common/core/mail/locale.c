/* The words and the order of a date come from the locale's file and the calendar from arithmetic, so that
 * neither libc's locale nor a time zone of the machine has a say.  A locale owns one copy of its file's
 * content; everything else points into it. */
#include "core/mail/locale.h"

#include <stdlib.h>

#include "core/mail/calendar.h"
#include "core/mail/entries.h"
#include "core/mail/plural.h"

enum { MONTHS = 12, WEEKDAYS = 7, TAG_SIZE = 35, WORD_SIZE = 100, PATTERN_SIZE = 300 };
enum { PIECES_MAX = 2 * PATTERN_SIZE / 7 + 1 }; /* "{{day}}" has 7 bytes, and words before it and behind */

/* What a time is put together of, as `time` names it. */
enum field { FIELD_WORDS, WEEKDAY, DAY, MONTH, YEAR, HOUR, MINUTE, ZONE, FIELDS };
static const char *const field_names[FIELDS] = {"",     "weekday", "day",    "month",
                                                "year", "hour",    "minute", "zone"};

struct piece {
    enum field field;
    struct text words; /* of FIELD_WORDS, as they are */
};

enum unit { UNIT_MINUTES, UNIT_HOURS, UNIT_DAYS, UNITS };
static const char *const unit_keys[UNITS] = {"minutes", "hours", "days"};

struct locale {
    char tag[TAG_SIZE + 1];
    char *content; /* owned */
    bool right_to_left;
    struct text also;
    struct piece time[PIECES_MAX];
    size_t pieces;
    struct text first; /* how the first day of a month is written ("1er"); empty: as a number */
    struct text months[MONTHS], weekdays[WEEKDAYS]; /* January first, Monday first */
    enum plural plural;
    struct text units[UNITS][PLURAL_FORMS_MAX];
};

struct local_time {
    struct calendar_moment moment;
    int32_t offset; /* seconds ahead of UTC */
};

/* "UTC", "UTC+1", "UTC-3:30"; seconds, which zones had before 1972, are cut off. */
static void write_zone(int32_t offset, struct buffer *out)
{
    int32_t minutes = (offset < 0 ? -offset : offset) / 60;
    buffer_append_string(out, "UTC");
    if (minutes == 0)
        return;
    buffer_append_byte(out, offset < 0 ? '-' : '+');
    buffer_append_number(out, minutes / 60);
    if (minutes % 60) {
        buffer_append_byte(out, ':');
        calendar_write_two_digits((unsigned)(minutes % 60), out);
    }
}

static void write_field(const struct locale *locale, const struct piece *piece, const struct local_time *time,
                        struct buffer *out)
{
    const struct calendar_moment *moment = &time->moment;
    switch (piece->field) {
    case WEEKDAY:
        buffer_append_text(out, locale->weekdays[moment->weekday]);
        break;
    case DAY:
        if (moment->day == 1 && locale->first.size)
            buffer_append_text(out, locale->first);
        else
            buffer_append_number(out, moment->day);
        break;
    case MONTH:
        buffer_append_text(out, locale->months[moment->month]);
        break;
    case YEAR:
        buffer_append_number(out, moment->year);
        break;
    case HOUR:
        calendar_write_two_digits(moment->hour, out);
        break;
    case MINUTE:
        calendar_write_two_digits(moment->minute, out);
        break;
    case ZONE:
        write_zone(time->offset, out);
        break;
    default:
        buffer_append_text(out, piece->words);
    }
}

static void add_piece(struct locale *locale, enum field field, const char *begin, const char *end)
{
    if (field != FIELD_WORDS || begin < end)
        locale->time[locale->pieces++] = (struct piece){field, {begin, (size_t)(end - begin)}};
}

/* FIELDS: there is no such field. */
static enum field field_named(struct text name)
{
    enum field field = WEEKDAY;
    while (field < FIELDS && !text_equal(name, text_of(field_names[field])))
        field++;
    return field;
}

/* Takes a pattern of at most PATTERN_SIZE apart; false at a placeholder that is not known or does not end, or
 * where the zone is missing. */
static bool read_pattern(struct locale *locale, struct text pattern)
{
    const char *at = pattern.bytes, *end = at + pattern.size, *open;
    bool zoned = false;
    while (at < end && (open = memmem(at, (size_t)(end - at), "{{", 2))) {
        const char *close = memmem(open, (size_t)(end - open), "}}", 2);
        enum field field = close ? field_named((struct text){open + 2, (size_t)(close - open) - 2}) : FIELDS;
        if (field == FIELDS)
            return false;
        add_piece(locale, FIELD_WORDS, at, open);
        add_piece(locale, field, open, open);
        zoned = zoned || field == ZONE;
        at = close + 2;
    }
    add_piece(locale, FIELD_WORDS, at, end);
    return zoned;
}

static struct text trimmed(const char *begin, const char *end)
{
    while (begin < end && *begin == ' ')
        begin++;
    while (begin < end && end[-1] == ' ')
        end--;
    return (struct text){begin, (size_t)(end - begin)};
}

/* Splits `a | b | c` into exactly `wanted` words. */
static bool split_words(struct text list, struct text *words, size_t wanted)
{
    const char *at = list.bytes, *end = at + list.size;
    for (size_t i = 0; i < wanted; i++) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        if (!bar != (i + 1 == wanted))
            return false;
        words[i] = trimmed(at, bar ? bar : end);
        if (words[i].size == 0 || words[i].size > WORD_SIZE)
            return false;
        at = bar ? bar + 1 : end;
    }
    return true;
}

static enum status read_words(struct entries *entries, const char *key, struct text *words, size_t wanted,
                              struct error *error)
{
    struct entry *entry = entries_find(entries, text_of(key));
    if (!entry)
        return error_set(error, STATUS_CONFIG, "%s:1: `%s` is missing", entries->file, key);
    if (!split_words(entry->value, words, wanted))
        return error_set(error, STATUS_CONFIG, "%s:%u: `%s` wants %zu words with | between them",
                         entries->file, entry->line, key, wanted);
    return STATUS_OK;
}

static enum status read_time(struct locale *locale, struct entries *entries, struct error *error)
{
    struct entry *entry = entries_find(entries, TEXT("time"));
    if (!entry)
        return error_set(error, STATUS_CONFIG, "%s:1: `time` is missing", entries->file);
    if (entry->value.size > PATTERN_SIZE)
        return error_set(error, STATUS_CONFIG, "%s:%u: `time` has more than %d bytes", entries->file,
                         entry->line, PATTERN_SIZE);
    if (!read_pattern(locale, entry->value))
        return error_set(error, STATUS_CONFIG,
                         "%s:%u: `time` takes {{weekday}} {{day}} {{month}} {{year}} {{hour}} {{minute}}, "
                         "and {{zone}} must be there",
                         entries->file, entry->line);
    return STATUS_OK;
}

/* How time spans are said: `{{n}} hour | {{n}} hours`, as many forms as the language's plural has. */
static enum status read_units(struct locale *locale, struct entries *entries, struct error *error)
{
    struct entry *entry = entries_find(entries, TEXT("plural"));
    if (!entry || !plural_named(entry->value, &locale->plural))
        return error_set(error, STATUS_CONFIG,
                         "%s:%u: `plural` is none, one, polish, russian, czech or arabic", entries->file,
                         entry ? entry->line : 1);
    enum status status = STATUS_OK;
    for (size_t unit = 0; unit < UNITS && !status; unit++)
        status =
            read_words(entries, unit_keys[unit], locale->units[unit], plural_forms(locale->plural), error);
    return status;
}

static enum status read_direction(struct locale *locale, struct entries *entries, struct error *error)
{
    struct entry *entry = entries_find(entries, TEXT("direction"));
    locale->right_to_left = entry && text_equal(entry->value, TEXT("rtl"));
    if (!entry || (!locale->right_to_left && !text_equal(entry->value, TEXT("ltr"))))
        return error_set(error, STATUS_CONFIG, "%s:%u: `direction` is ltr or rtl", entries->file,
                         entry ? entry->line : 1);
    return STATUS_OK;
}

static bool is_tag(struct text tag)
{
    for (size_t i = 0; i < tag.size; i++) {
        char byte = tag.bytes[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
              (byte == '-' && i > 0 && i + 1 < tag.size)))
            return false;
    }
    return tag.size >= 2 && tag.size <= TAG_SIZE;
}

enum status locale_parse(struct text tag, const char *file, struct text content, struct locale **locale,
                         struct error *error)
{
    *locale = NULL;
    if (!is_tag(tag))
        return error_set(error, STATUS_CONFIG, "%s:1: the file's name is no language tag (BCP 47)", file);
    struct locale *made = calloc(1, sizeof *made);
    struct entries *entries = calloc(1, sizeof *entries);
    char *copy = malloc(content.size + 1);
    enum status status = STATUS_OK;
    if (!made || !entries || !copy) {
        free(copy);
        status = error_set(error, STATUS_MEMORY, "no memory for the locale %s", file);
        goto cleanup;
    }
    memcpy(made->tag, tag.bytes, tag.size);
    made->content = copy;
    if (content.size)
        memcpy(copy, content.bytes, content.size);
    status = entries_parse(file, (struct text){copy, content.size}, entries, error);
    if (!status)
        status = read_direction(made, entries, error);
    if (!status)
        status = read_words(entries, "months", made->months, MONTHS, error);
    if (!status)
        status = read_words(entries, "weekdays", made->weekdays, WEEKDAYS, error);
    if (!status)
        status = read_time(made, entries, error);
    if (!status)
        status = read_units(made, entries, error);
    struct entry *also = status ? NULL : entries_find(entries, TEXT("also"));
    made->also = also ? also->value : (struct text){"", 0};
    struct entry *first = status ? NULL : entries_find(entries, TEXT("first"));
    made->first = first ? first->value : (struct text){"", 0};
    if (!status)
        status = entries_check_used(entries, error);
cleanup:
    free(entries);
    if (status)
        locale_free(&made);
    *locale = made;
    return status;
}

void locale_free(struct locale **locale)
{
    if (*locale)
        free((*locale)->content);
    free(*locale);
    *locale = NULL;
}

struct text locale_tag(const struct locale *locale)
{
    return text_of(locale->tag);
}

bool locale_right_to_left(const struct locale *locale)
{
    return locale->right_to_left;
}

struct text locale_claims(const struct locale *locale)
{
    return locale->also;
}

void locale_write_time(const struct locale *locale, int64_t time_ms, int32_t offset, struct buffer *out)
{
    struct local_time time = {calendar_moment_of(time_ms + (int64_t)offset * 1000), offset};
    for (size_t i = 0; i < locale->pieces; i++)
        write_field(locale, &locale->time[i], &time, out);
}

void locale_write_lifetime(const struct locale *locale, int64_t lifetime_ms, struct buffer *out)
{
    int64_t number = lifetime_ms >= 60000 ? lifetime_ms / 60000 : 1;
    enum unit unit = UNIT_MINUTES;
    if (number % 60 == 0) {
        number /= 60;
        unit = UNIT_HOURS;
    }
    if (unit == UNIT_HOURS && number % 24 == 0 && number >= 72) {
        number /= 24;
        unit = UNIT_DAYS;
    }
    struct text form = locale->units[unit][plural_form(locale->plural, number)];
    const char *place = memmem(form.bytes, form.size, "{{n}}", 5);
    if (!place) {
        buffer_append_text(out, form); /* "one hour" */
        return;
    }
    buffer_append(out, form.bytes, (size_t)(place - form.bytes));
    buffer_append_number(out, number);
    buffer_append(out, place + 5, form.size - (size_t)(place - form.bytes) - 5);
}
