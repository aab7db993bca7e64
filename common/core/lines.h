/* The text files of keys and publishers, line by line: words apart by spaces, `#` opening a comment line. */
#ifndef CORE_LINES_H
#define CORE_LINES_H

#include "core/text.h"

struct lines {
    struct text rest; /* not read yet */
    unsigned number;  /* of the line read last, from 1 */
};

static inline struct lines lines_of(struct text text)
{
    return (struct lines){text, 0};
}

/* The next line that is neither empty nor a comment, without spaces around it; false at the end. */
bool lines_next(struct lines *lines, struct text *line);

/* How many lines lines_next would give. */
size_t lines_count(struct text text);

/* Takes the first word off `line`; an empty text when there is none. */
struct text line_word(struct text *line);

#endif
