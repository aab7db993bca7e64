/* Reads and writes the fields of a record's line.
 *
 * The line is written for every mail and read for every mail, so there is no printf, no allocation, and one
 * pass.  What is read is only believed when it is exactly what would be written: a record written by hand or
 * half overwritten is refused here rather than guessed at, and two spellings of one record cannot make a swap
 * fail for ever. */
#include <assert.h>
#include <stdint.h>

#include <sodium.h>

#include "core/base64url.h"
#include "core/protocol/line.h"
#include "core/protocol/record.h"

#define LINE_VERSION     '1'
#define LINE_DIGITS_MOST 15

static const char *const state_names[REQUEST_STATE_COUNT] = {"pending",    "leased",  "sent",
                                                             "suppressed", "expired", "dead"};
static const char *const class_names[] = {"self", "admin"};

const char *request_state_name(enum request_state state)
{
    return (unsigned)state < REQUEST_STATE_COUNT ? state_names[state] : "unknown";
}

struct writer {
    char *bytes;
    size_t size, capacity;
    enum status status;
};

static char *reserve(struct writer *writer, size_t size)
{
    if (size > writer->capacity - writer->size) {
        writer->status = STATUS_FULL;
        return NULL;
    }
    char *start = writer->bytes + writer->size;
    writer->size += size;
    return start;
}

static void write_bytes(struct writer *writer, const char *bytes, size_t size)
{
    char *start = reserve(writer, size);
    if (start && size > 0)
        memcpy(start, bytes, size);
}

static void write_number(struct writer *writer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    write_bytes(writer, digits + at, sizeof digits - at);
}

static void write_time(struct writer *writer, int64_t time)
{
    if (time < 0)
        writer->status = STATUS_INVALID;
    else if (time > 0)
        write_number(writer, (uint64_t)time);
}

static void write_base64(struct writer *writer, const unsigned char *bytes, size_t size)
{
    char *start = reserve(writer, BASE64URL_LENGTH(size));
    if (start)
        base64url_encode(bytes, size, start);
}

static bool holds_separator(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\t' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\0')
            return true;
    return false;
}

static void write_text(struct writer *writer, struct text text)
{
    if (holds_separator(text.bytes, text.size))
        writer->status = STATUS_INVALID;
    else
        write_bytes(writer, text.bytes, text.size);
}

static void write_times(struct writer *writer, const struct record_times *times)
{
    for (size_t i = 0; i < times->count; i++) {
        int64_t step = i == 0 ? times->at[0] : times->at[i] - times->at[i - 1];
        if (i > 0)
            write_bytes(writer, ",", 1);
        if (step < 0)
            writer->status = STATUS_INVALID;
        else
            write_number(writer, (uint64_t)step);
        if (times->weight[i] > 1) {
            write_bytes(writer, "x", 1);
            write_number(writer, times->weight[i]);
        }
    }
}

static bool is_there(const struct field *field, const void *record)
{
    return field->has == FIELD_ALWAYS || *(const bool *)((const char *)record + field->has);
}

static void write_field(struct writer *writer, const struct field *field, const void *record)
{
    const void *member = (const char *)record + field->offset;
    switch (field->kind) {
    case FIELD_NUMBER:
        write_time(writer, *(const uint32_t *)member);
        break;
    case FIELD_TIME:
        write_time(writer, *(const int64_t *)member);
        break;
    case FIELD_FLAG:
        write_bytes(writer, "1", *(const bool *)member ? 1 : 0);
        break;
    case FIELD_TEXT:
        write_text(writer, *(const struct text *)member);
        break;
    case FIELD_BYTES:
        if (is_there(field, record))
            write_base64(writer, member, field->size);
        break;
    case FIELD_STORED:
        if (is_there(field, record))
            write_bytes(writer, member, field->size);
        break;
    case FIELD_STATE:
        write_text(writer, text_of(request_state_name(*(const enum request_state *)member)));
        break;
    case FIELD_REASON:
        if (*(const enum reason *)member != REASON_NONE)
            write_text(writer, text_of(reason_name(*(const enum reason *)member)));
        break;
    case FIELD_CLASS:
        write_text(writer, text_of(class_names[*(const enum actor_class *)member]));
        break;
    case FIELD_METHOD:
        write_text(writer, text_of(method_traits(*(const enum method *)member)->name));
        break;
    case FIELD_TIMES:
        write_times(writer, member);
        break;
    }
}

enum status line_format(const struct field *fields, size_t count, const void *record, char *bytes,
                        size_t capacity, size_t *size)
{
    struct writer writer = {.bytes = bytes, .capacity = capacity, .status = STATUS_OK};
    write_bytes(&writer, &(const char){LINE_VERSION}, 1);
    for (size_t i = 0; i < count && writer.status == STATUS_OK; i++) {
        write_bytes(&writer, "\t", 1);
        write_field(&writer, &fields[i], record);
    }
    *size = writer.size;
    return writer.status;
}

bool line_number(struct text digits, int64_t *number)
{
    if (digits.size == 0 || digits.size > LINE_DIGITS_MOST || (digits.size > 1 && digits.bytes[0] == '0'))
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
            return false;
        value = value * 10 + (digits.bytes[i] - '0');
    }
    *number = value;
    return true;
}

/* Nothing stands for zero. */
static bool read_time(struct text field, int64_t *time)
{
    *time = 0;
    return field.size == 0 || (line_number(field, time) && *time > 0);
}

static bool read_number(struct text field, uint32_t *number)
{
    int64_t value;
    if (!read_time(field, &value) || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool read_stored(struct text field, char *stored, size_t size)
{
    if (field.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char letter = field.bytes[i];
        if (!((letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f')))
            return false;
    }
    memcpy(stored, field.bytes, size);
    return true;
}

static bool read_name(struct text field, const char *const *names, size_t count, unsigned *index)
{
    for (unsigned i = 0; i < count; i++)
        if (text_equal(field, text_of(names[i]))) {
            *index = i;
            return true;
        }
    return false;
}

/* `step` or, for several, `stepxweight`. */
static bool read_step(struct text entry, int64_t *step, uint32_t *weight)
{
    const char *cross = memchr(entry.bytes, 'x', entry.size);
    size_t size = cross ? (size_t)(cross - entry.bytes) : entry.size;
    int64_t number = 1;
    if (cross && (!line_number((struct text){cross + 1, entry.size - size - 1}, &number) || number < 2 ||
                  number > UINT32_MAX))
        return false;
    *weight = (uint32_t)number;
    return line_number((struct text){entry.bytes, size}, step);
}

static bool read_times(struct text field, struct record_times *times)
{
    int64_t last = 0, step;
    while (field.size > 0) {
        const char *comma = memchr(field.bytes, ',', field.size);
        size_t size = comma ? (size_t)(comma - field.bytes) : field.size;
        if (times->count == RECORD_TIMES_MOST ||
            !read_step((struct text){field.bytes, size}, &step, &times->weight[times->count]))
            return false;
        last += step;
        times->at[times->count++] = last;
        if (comma && ++size == field.size)
            return false;
        field = (struct text){field.bytes + size, field.size - size};
    }
    return true;
}

/* For members that may be missing: an empty field leaves `has` false. */
static bool note_presence(const struct field *field, struct text text, void *record)
{
    if (field->has == FIELD_ALWAYS)
        return true;
    *(bool *)((char *)record + field->has) = text.size > 0;
    return text.size > 0;
}

static bool read_field(const struct field *field, struct text text, void *record)
{
    void *member = (char *)record + field->offset;
    unsigned index = 0;
    switch (field->kind) {
    case FIELD_NUMBER:
        return read_number(text, member);
    case FIELD_TIME:
        return read_time(text, member);
    case FIELD_FLAG:
        *(bool *)member = text.size > 0;
        return text.size == 0 || text_equal(text, TEXT("1"));
    case FIELD_TEXT:
        if (text.size > 0)
            *(struct text *)member = text;
        return true;
    case FIELD_BYTES:
        return !note_presence(field, text, record) || base64url_decode(text, member, field->size);
    case FIELD_STORED:
        return !note_presence(field, text, record) || read_stored(text, member, field->size);
    case FIELD_STATE:
        if (!read_name(text, state_names, REQUEST_STATE_COUNT, &index))
            return false;
        *(enum request_state *)member = (enum request_state)index;
        return true;
    case FIELD_REASON:
        return text.size == 0 || (reason_of_name(text, member) && *(enum reason *)member != REASON_NONE);
    case FIELD_CLASS:
        if (!read_name(text, class_names, 2, &index))
            return false;
        *(enum actor_class *)member = (enum actor_class)index;
        return true;
    case FIELD_METHOD:
        return method_of_record(text, member);
    case FIELD_TIMES:
        return read_times(text, member);
    }
    return false;
}

enum status line_parse(const struct field *fields, size_t count, struct text line, void *record,
                       size_t record_size)
{
    memset(record, 0, record_size);
    if (line.size == 0 || *line.bytes != LINE_VERSION)
        return STATUS_INVALID;
    const char *at = line.bytes + 1, *end = line.bytes + line.size;
    for (size_t i = 0; i < count; i++) {
        if (at == end || *at++ != '\t')
            return STATUS_INVALID;
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        struct text field = {at, (size_t)((tab ? tab : end) - at)};
        if (holds_separator(field.bytes, field.size) || !read_field(&fields[i], field, record))
            return STATUS_INVALID;
        at += field.size;
    }
    return at == end ? STATUS_OK : STATUS_INVALID;
}

void line_point_into(const struct field *fields, size_t count, struct text line, void *record)
{
    const char *at = line.bytes, *end = line.bytes + line.size;
    for (size_t i = 0; i < count; i++) {
        at = memchr(at, '\t', (size_t)(end - at));
        assert(at);
        at++;
        if (fields[i].kind != FIELD_TEXT)
            continue;
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        size_t size = (size_t)((tab ? tab : end) - at);
        *(struct text *)((char *)record + fields[i].offset) = (struct text){size > 0 ? at : NULL, size};
    }
}
