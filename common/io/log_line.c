/* The two forms of a log line.
 *
 * Text from outside can carry anything: line ends to forge a record, escape sequences that drive a terminal,
 * marks that turn the direction of writing (Trojan Source), bytes that are no UTF-8.  Both forms write such
 * characters as \uXXXX and broken bytes as U+FFFD, so that a line is always one line of printable UTF-8.  A
 * line is cut at field borders, so that JSON stays JSON. */
#include "io/log_line.h"

#include <stdio.h>
#include <time.h>

#define TAIL 32 /* kept free for what closes a line */

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* Size of the character at `bytes` (RFC 3629; no overlong forms, no surrogates), 0 where there is none. */
static size_t decode(const unsigned char *bytes, size_t size, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes[0] < 0x80                          ? 1
                    : (bytes[0] >= 0xc2 && bytes[0] <= 0xdf) ? 2
                    : (bytes[0] & 0xf0) == 0xe0              ? 3
                    : (bytes[0] >= 0xf0 && bytes[0] <= 0xf4) ? 4
                                                             : 0;
    if (length == 0 || length > size)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *character = value;
    return length;
}

/* Controls (C0, DEL, C1), line and paragraph separators, marks of direction, byte order mark. */
static bool hidden(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f) || character == 0x61c ||
           (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

static void append_escaped(struct buffer *out, struct text text)
{
    bool cut = text.size > LOG_FIELD_LIMIT;
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    size_t end = cut ? LOG_FIELD_LIMIT : text.size;
    for (size_t at = 0; at < end;) {
        uint32_t character = 0;
        size_t length = decode(bytes + at, text.size - at, &character);
        char escape[8];
        if (length == 0) {
            buffer_append_string(out, "\xef\xbf\xbd");
            length = 1;
        } else if (hidden(character)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)character);
            buffer_append_string(out, escape);
        } else {
            if (character == '"' || character == '\\')
                buffer_append_byte(out, '\\');
            buffer_append(out, bytes + at, length);
        }
        at += length;
    }
    if (cut)
        buffer_append_string(out, "\xe2\x80\xa6");
}

static void append_quoted(struct buffer *out, struct text text)
{
    buffer_append_byte(out, '"');
    append_escaped(out, text);
    buffer_append_byte(out, '"');
}

static void append_time(struct buffer *out, int64_t time_ms, bool with_date)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    char text[48];
    gmtime_r(&seconds, &parts);
    if (with_date)
        buffer_append(out, text, strftime(text, sizeof text, "%Y-%m-%dT", &parts));
    buffer_append(out, text, strftime(text, sizeof text, "%H:%M:%S", &parts));
    snprintf(text, sizeof text, ".%03d", (int)(time_ms % 1000));
    buffer_append_string(out, text);
}

static void append_value(struct buffer *out, const struct log_field *field, bool quote)
{
    if (field->kind == LOG_FIELD_NUMBER)
        buffer_append_number(out, field->number);
    else if (field->kind == LOG_FIELD_FLAG)
        buffer_append_string(out, field->number ? "true" : "false");
    else if (!field->text.bytes)
        buffer_append_string(out, quote ? "null" : "-");
    else if (quote)
        append_quoted(out, field->text);
    else
        append_escaped(out, field->text);
}

static bool is_plain(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] == ' ' || text.bytes[i] == '=' || text.bytes[i] == '"')
            return false;
    return text.size > 0;
}

static void append_field(struct buffer *out, const struct log_field *field, bool json)
{
    if (json) {
        buffer_append_string(out, ",\"");
        buffer_append_string(out, field->key);
        buffer_append_string(out, "\":");
        append_value(out, field, true);
        return;
    }
    buffer_append_byte(out, ' ');
    buffer_append_string(out, field->key);
    buffer_append_byte(out, '=');
    append_value(out, field, field->kind == LOG_FIELD_TEXT && field->text.bytes && !is_plain(field->text));
}

/* All fields that leave room for the tail; says whether all did. */
static bool append_fields(struct buffer *out, size_t start, const struct log_line *line, bool json)
{
    for (size_t i = 0; i < line->count; i++) {
        size_t before = out->size;
        append_field(out, &line->fields[i], json);
        if (out->failed || out->size - start > LOG_LINE_LIMIT - TAIL) {
            out->size = before;
            out->failed = false;
            return false;
        }
    }
    return true;
}

void log_line_json(const struct log_line *line, struct buffer *out)
{
    size_t start = out->size;
    buffer_append_string(out, "{\"time\":\"");
    append_time(out, line->time_ms, true);
    buffer_append_string(out, "Z\",\"level\":\"");
    buffer_append_string(out, level_names[line->level]);
    buffer_append_string(out, "\",\"program\":");
    append_quoted(out, text_of(line->program));
    buffer_append_string(out, ",\"message\":");
    append_quoted(out, text_of(line->message));
    if (!append_fields(out, start, line, true))
        buffer_append_string(out, ",\"cut\":true");
    buffer_append_string(out, "}\n");
}

void log_line_text(const struct log_line *line, bool colour, struct buffer *out)
{
    static const char *const colours[] = {"\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[2m"};
    size_t start = out->size;
    append_time(out, line->time_ms, false);
    buffer_append_byte(out, ' ');
    if (colour)
        buffer_append_string(out, colours[line->level]);
    char name[16];
    snprintf(name, sizeof name, "%-7s", level_names[line->level]);
    buffer_append_string(out, name);
    if (colour)
        buffer_append_string(out, "\x1b[0m");
    buffer_append_byte(out, ' ');
    append_escaped(out, text_of(line->message));
    if (!append_fields(out, start, line, false))
        buffer_append_string(out, " cut=true");
    buffer_append_byte(out, '\n');
}
