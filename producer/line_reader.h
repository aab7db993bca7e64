/* Lines out of a stream that comes in pieces, in one buffer of fixed size; a line that is too long is passed
 * over and told.  Does no I/O: the caller fills the room. */
#ifndef PRODUCER_LINE_READER_H
#define PRODUCER_LINE_READER_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

struct line_reader;

enum line_found {
    LINE_FOUND,    /* without its line end (LF or CR LF) */
    LINE_TOO_LONG, /* told once; what is left of it comes to nobody */
    LINE_MORE,     /* nothing whole is here: fill the room */
    LINE_END       /* all was given out */
};

/* `limit`: bytes of a line without its end; the buffer has eight times as much.  NULL: no memory. */
struct line_reader *line_reader_new(size_t limit);
void line_reader_free(struct line_reader **reader); /* wipes: lines may hold passwords */

/* Room for the next bytes, never 0 after LINE_MORE; then how many came. */
char *line_reader_room(struct line_reader *reader, size_t *size);
void line_reader_fill(struct line_reader *reader, size_t size);

/* The stream is over: a last line without a line end counts. */
void line_reader_end(struct line_reader *reader);

/* The line stays where it is until the next call but one of line_reader_room. */
enum line_found line_reader_next(struct line_reader *reader, struct text *line);

/* The line found last comes again with the next call. */
void line_reader_again(struct line_reader *reader);

/* Of the line found last, from 1; empty lines count. */
uint64_t line_reader_number(const struct line_reader *reader);

#endif
