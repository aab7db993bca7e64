/* How a record of the log becomes a line, apart from where it goes. */
#ifndef IO_LOG_LINE_H
#define IO_LOG_LINE_H

#include "core/buffer.h"
#include "io/log.h"

#define LOG_LINE_LIMIT 8192 /* bytes, line end included */
#define LOG_FIELD_LIMIT                                                                                      \
    1024 /* bytes of one field's text before escaping; what is over becomes an ellipsis                      \
          */

struct log_line {
    int64_t time_ms; /* Unix time */
    enum log_level level;
    const char *program, *message;
    const struct log_field *fields;
    size_t count;
};

/* Each appends one line with its end to `out`, never more than LOG_LINE_LIMIT; fields that do not fit are
 * left out and the line says so. */
void log_line_json(const struct log_line *line, struct buffer *out);
void log_line_text(const struct log_line *line, bool colour, struct buffer *out);

#endif
