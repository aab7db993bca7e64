/* One record as one line of text: a table says which member stands in which field, and both directions follow
 * it. */
#ifndef CORE_PROTOCOL_LINE_H
#define CORE_PROTOCOL_LINE_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

enum field_kind {
    FIELD_NUMBER, /* uint32_t */
    FIELD_TIME,   /* int64_t, never negative */
    FIELD_FLAG,   /* bool */
    FIELD_TEXT,   /* struct text */
    FIELD_BYTES,  /* unsigned char[size], base64url */
    FIELD_STORED, /* char[size], lower-case hex as it is */
    FIELD_STATE,  /* enum request_state */
    FIELD_REASON, /* enum reason */
    FIELD_CLASS,  /* enum actor_class */
    FIELD_METHOD, /* enum method */
    FIELD_TIMES   /* struct record_times: the first, then the distances */
};

struct field {
    enum field_kind kind;
    size_t offset;
    size_t size; /* BYTES, STORED */
    size_t has;  /* BYTES, STORED: offset of the bool that says whether they are there, or FIELD_ALWAYS */
};

#define FIELD_ALWAYS ((size_t)-1)

/* STATUS_INVALID unless the line is exactly what line_format writes.  `record` is wholly overwritten. */
WARN_UNUSED enum status line_parse(const struct field *fields, size_t count, struct text line, void *record,
                                   size_t record_size);

/* Points the texts of a record at the fields of `line`, which has to be a line of this very record. */
void line_point_into(const struct field *fields, size_t count, struct text line, void *record);

/* STATUS_FULL when it does not fit, STATUS_INVALID for a text that a field cannot hold. */
WARN_UNUSED enum status line_format(const struct field *fields, size_t count, const void *record, char *bytes,
                                    size_t capacity, size_t *size);

/* Digits without sign or leading zero, at most 15. */
bool line_number(struct text digits, int64_t *number);

#endif
