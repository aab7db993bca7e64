/* Columns as wide as their widest cell; the last one runs on.  Widths are counted in characters, which is
 * right for nearly all that stands here (ids and our own words).
 *
 * An id of version 7 was made when its request was: that is the first line, "asked", which no record says. */
#include "producer/trail_table.h"

#include <stdio.h>

#include <jansson.h>

#include "core/json_bytes.h"
#include "core/timestamp.h"
#include "core/uuid.h"

enum { COLUMNS = 4, CELLS_LIMIT = 1024 * 1024, GAP = 2 };

/* The text of one row's cells stands in one buffer; ends[i] is where cell i ends. */
struct row {
    size_t start, ends[COLUMNS];
};

struct table {
    struct buffer cells;
    size_t widths[COLUMNS];
    struct row row; /* being written */
    size_t column;
    struct buffer *out; /* NULL: only measured */
};

static size_t width_of(struct text text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size; i++)
        width += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return width;
}

/* What strangers wrote is quoted and escaped when it is not plainly readable. */
static void write_foreign(struct buffer *out, struct text text)
{
    if (text_has_hidden(text))
        json_write_visible(out, text);
    else
        buffer_append_text(out, text);
}

static struct text member(const struct json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (struct text){json_string_value(value), json_string_length(value)};
}

static void begin_row(struct table *table)
{
    buffer_reset(&table->cells);
    table->column = 0;
}

static void end_cell(struct table *table)
{
    table->row.ends[table->column++] = table->cells.size;
}

static void end_row(struct table *table)
{
    size_t start = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct text cell = {table->cells.bytes + start, table->row.ends[i] - start};
        size_t width = width_of(cell);
        start = table->row.ends[i];
        if (!table->out) {
            table->widths[i] = width > table->widths[i] ? width : table->widths[i];
            continue;
        }
        buffer_append_text(table->out, cell);
        if (i + 1 < COLUMNS && table->row.ends[COLUMNS - 1] > start)
            for (size_t space = width; space < table->widths[i] + GAP; space++)
                buffer_append_byte(table->out, ' ');
    }
    if (table->out)
        buffer_append_byte(table->out, '\n');
    if (table->out)
        table->out->failed |= table->cells.failed;
}

/* A space between what is said before and this. */
static void say(struct buffer *out, size_t cell, const char *words)
{
    if (out->size > cell)
        buffer_append_string(out, ", ");
    buffer_append_string(out, words);
}

static void say_member(struct buffer *out, size_t cell, const char *words, const struct json_t *object,
                       const char *name)
{
    struct text text = member(object, name);
    if (text.size == 0)
        return;
    say(out, cell, words);
    write_foreign(out, text);
}

static void say_number(struct buffer *out, size_t cell, const char *words, const struct json_t *object,
                       const char *name)
{
    const json_t *number = json_object_get(object, name);
    if (!json_is_integer(number))
        return;
    say(out, cell, words);
    buffer_append_number(out, json_integer_value(number));
}

static void say_flag(struct buffer *out, size_t cell, const char *words, const struct json_t *object,
                     const char *name)
{
    if (json_is_true(json_object_get(object, name)))
        say(out, cell, words);
}

/* "admin u-7, key 57588c3990 by intake" */
static void write_who(struct buffer *out, const struct json_t *data)
{
    const json_t *actor = json_object_get(data, "actor"), *asserted = json_object_get(data, "asserted_by");
    size_t cell = out->size;
    say_member(out, cell, "", actor, "role");
    if (member(actor, "id").size > 0) {
        buffer_append_byte(out, ' ');
        write_foreign(out, member(actor, "id"));
    }
    bool by_key = text_equal(member(asserted, "channel"), TEXT("http"));
    say_member(out, cell, by_key ? "key " : "", asserted, "key_id");
    if (member(asserted, "key_id").size == 0)
        say_member(out, cell, "publisher ", asserted, "publisher");
}

static void write_detail(struct text id, struct buffer *out, const struct json_t *data)
{
    const json_t *smtp = json_object_get(data, "smtp");
    size_t cell = out->size;
    say_member(out, cell, "", data, "reason");
    say_member(out, cell, "", data, "detail");
    if (!text_equal(member(data, "request_id"), id))
        say_member(out, cell, "id ", data, "request_id");
    if (text_equal(member(data, "into"), id))
        say(out, cell, "folded into this one");
    else
        say_member(out, cell, "folded into ", data, "into");
    say_number(out, cell, "relay said ", smtp, "code");
    if (member(smtp, "enhanced").size > 0) {
        buffer_append_byte(out, ' ');
        write_foreign(out, member(smtp, "enhanced"));
    }
    say_number(out, cell, "attempt ", data, "attempt");
    say_number(out, cell, "replay ", data, "generation");
    say_flag(out, cell, "may have been mailed before", data, "maybe_mailed");
    say_flag(out, cell, "rebuilt", data, "rebuilt");
    say_member(out, cell, "", data, "worker");
}

static void write_what(struct buffer *out, const struct json_t *data)
{
    bool notice = text_equal(member(data, "method"), TEXT("password_changed"));
    if (notice && !text_equal(member(data, "outcome"), TEXT("completed")))
        buffer_append_string(out, "notice ");
    write_foreign(out, member(data, "outcome"));
}

static void write_time(struct buffer *out, int64_t time_ms)
{
    char time[TIMESTAMP_SIZE];
    timestamp_format(time_ms, time);
    buffer_append_string(out, time);
}

static void write_record(struct table *table, struct text id, const struct trail_record *record)
{
    begin_row(table);
    write_time(&table->cells, record->time_ms);
    end_cell(table);
    write_what(&table->cells, record->data);
    end_cell(table);
    write_who(&table->cells, record->data);
    end_cell(table);
    write_detail(id, &table->cells, record->data);
    end_cell(table);
    end_row(table);
}

/* The record of the request itself that says most of it; NULL where there is none. */
static const struct trail_record *own_record(struct text id, const struct trail_record *const *records,
                                             size_t count)
{
    const struct trail_record *own = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct json_t *data = records[i]->data;
        if (!text_equal(member(data, "request_id"), id) ||
            text_equal(member(data, "outcome"), TEXT("completed")))
            continue;
        if (json_object_get(data, "actor"))
            return records[i];
        own = own ? own : records[i];
    }
    return own;
}

static void write_asked(struct table *table, struct text id, const struct trail_record *own)
{
    struct uuid uuid;
    int64_t time_ms;
    if (!own || !uuid_parse(id, &uuid) || !uuid_v7_time(&uuid, &time_ms))
        return;
    begin_row(table);
    write_time(&table->cells, time_ms);
    end_cell(table);
    bool change = text_equal(member(own->data, "method"), TEXT("password_changed"));
    buffer_append_string(&table->cells, change ? "changed" : "asked");
    end_cell(table);
    write_who(&table->cells, own->data);
    end_cell(table);
    write_foreign(&table->cells, member(own->data, "method"));
    end_cell(table);
    end_row(table);
}

static void write_heading(struct table *table)
{
    static const char *const names[COLUMNS] = {"TIME", "WHAT", "BY", "DETAIL"};
    begin_row(table);
    for (size_t i = 0; i < COLUMNS; i++) {
        buffer_append_string(&table->cells, names[i]);
        end_cell(table);
    }
    end_row(table);
}

static void write_subject(struct text id, const struct trail_record *record, struct buffer *out)
{
    buffer_append_string(out, "request ");
    buffer_append_text(out, id);
    size_t cell = 0;
    say_member(out, cell, "user ", record->data, "user_id");
    say_member(out, cell, "tenant ", record->data, "tenant");
    buffer_append_string(out, "\n\n");
}

void trail_table_write(struct text id, const struct trail_record *const *records, size_t count,
                       struct buffer *out)
{
    struct table table = {.out = NULL};
    const struct trail_record *own = own_record(id, records, count);
    if (count == 0)
        return;
    buffer_init(&table.cells, CELLS_LIMIT);
    write_subject(id, own ? own : records[0], out);
    for (int turn = 0; turn < 2; turn++) { /* measure, then write */
        table.out = turn ? out : NULL;
        write_heading(&table);
        write_asked(&table, id, own);
        for (size_t i = 0; i < count; i++)
            write_record(&table, id, records[i]);
    }
    buffer_clear(&table.cells);
}
