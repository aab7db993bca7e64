/* The buffer's bytes between `begin` and `end` are not given out yet; up to `seen` there is no line end. When
 * there is nothing whole left the rest moves to the front: with a buffer of eight lines that is an eighth of
 * the bytes, at most.  Of a line that is too long nothing is kept but the fact. */
#include "producer/line_reader.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium.h>

struct line_reader {
    size_t limit, capacity;
    size_t begin, seen, end;
    size_t last;     /* where the line found last began */
    uint64_t number; /* of the line found last */
    bool skipping;   /* in a line that is too long */
    bool over;       /* the stream is */
    char bytes[];
};

struct line_reader *line_reader_new(size_t limit)
{
    size_t capacity = 8 * (limit + 2);
    struct line_reader *reader = malloc(sizeof *reader + capacity);
    if (reader)
        *reader = (struct line_reader){.limit = limit, .capacity = capacity};
    return reader;
}

void line_reader_free(struct line_reader **reader)
{
    if (*reader)
        sodium_memzero((*reader)->bytes, (*reader)->capacity);
    free(*reader);
    *reader = NULL;
}

char *line_reader_room(struct line_reader *reader, size_t *size)
{
    if (reader->begin > 0) {
        memmove(reader->bytes, reader->bytes + reader->begin, reader->end - reader->begin);
        reader->seen -= reader->begin;
        reader->end -= reader->begin;
        reader->begin = reader->last = 0;
    }
    *size = reader->capacity - reader->end;
    return reader->bytes + reader->end;
}

void line_reader_fill(struct line_reader *reader, size_t size)
{
    assert(size <= reader->capacity - reader->end);
    reader->end += size;
}

void line_reader_end(struct line_reader *reader)
{
    reader->over = true;
}

/* The next run of bytes up to a line end, or up to the stream's end. */
static bool take(struct line_reader *reader, struct text *line)
{
    char *from = reader->bytes + reader->seen;
    char *newline = reader->end > reader->seen ? memchr(from, '\n', reader->end - reader->seen) : NULL;
    if (!newline && !(reader->over && reader->end > reader->begin)) {
        reader->seen = reader->end;
        return false;
    }
    size_t stop = newline ? (size_t)(newline - reader->bytes) : reader->end;
    *line = (struct text){reader->bytes + reader->begin, stop - reader->begin};
    reader->last = reader->begin;
    reader->begin = reader->seen = newline ? stop + 1 : stop;
    if (line->size > 0 && line->bytes[line->size - 1] == '\r')
        line->size--;
    return true;
}

static enum line_found without_line(struct line_reader *reader)
{
    if (reader->over)
        return LINE_END;
    if (reader->skipping) {
        reader->begin = reader->seen = reader->end;
        return LINE_MORE;
    }
    if (reader->end - reader->begin <= reader->limit + 1) /* a CR may still be its end's */
        return LINE_MORE;
    reader->skipping = true;
    reader->begin = reader->seen = reader->end;
    reader->number++;
    return LINE_TOO_LONG;
}

enum line_found line_reader_next(struct line_reader *reader, struct text *line)
{
    while (take(reader, line)) {
        if (reader->skipping) { /* the end of a line that was told already */
            reader->skipping = false;
            continue;
        }
        reader->number++;
        return line->size > reader->limit ? LINE_TOO_LONG : LINE_FOUND;
    }
    return without_line(reader);
}

void line_reader_again(struct line_reader *reader)
{
    assert(!reader->skipping && reader->number > 0);
    reader->begin = reader->seen = reader->last;
    reader->number--;
}

uint64_t line_reader_number(const struct line_reader *reader)
{
    return reader->number;
}
