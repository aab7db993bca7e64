/* Spaces and tabs separate words; CR LF ends a line as LF does, since people edit these files.  No line is
 * longer than its file, whose size the reader caps. */
#include "core/lines.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct text trim(struct text text)
{
    while (text.size && is_space(text.bytes[0]))
        text = (struct text){text.bytes + 1, text.size - 1};
    while (text.size && is_space(text.bytes[text.size - 1]))
        text.size--;
    return text;
}

bool lines_next(struct lines *lines, struct text *line)
{
    while (lines->rest.size) {
        const char *end = memchr(lines->rest.bytes, '\n', lines->rest.size);
        size_t size = end ? (size_t)(end - lines->rest.bytes) : lines->rest.size;
        size_t taken = end ? size + 1 : size;
        *line = trim((struct text){lines->rest.bytes, size});
        lines->rest = (struct text){lines->rest.bytes + taken, lines->rest.size - taken};
        lines->number++;
        if (line->size && line->bytes[0] != '#')
            return true;
    }
    return false;
}

size_t lines_count(struct text text)
{
    struct lines lines = lines_of(text);
    struct text line;
    size_t count = 0;
    while (lines_next(&lines, &line))
        count++;
    return count;
}

struct text line_word(struct text *line)
{
    size_t size = 0;
    while (size < line->size && !is_space(line->bytes[size]))
        size++;
    struct text word = {line->bytes, size};
    *line = trim((struct text){line->bytes + size, line->size - size});
    return word;
}
