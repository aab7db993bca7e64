/* JSON read with suspicion: what is checked on the raw bytes before jansson, and how strings are read and
 * written. */
#ifndef CORE_JSON_BYTES_H
#define CORE_JSON_BYTES_H

#include "core/buffer.h"
#include "core/outcome.h"
#include "core/status.h"
#include "core/text.h"

#define JSON_MAXIMUM_DEPTH 16

struct json_t;

/* Parses one JSON object of at most `limit` bytes with nothing behind it.  Refused: empty and over-long
 * input, nesting beyond JSON_MAXIMUM_DEPTH, duplicate keys (also escaped ones), U+0000, lone surrogates,
 * bytes that are not UTF-8, a byte order mark, NaN, numbers that do not fit.  *tree is the caller's
 * (json_decref). */
enum status json_read(struct text bytes, size_t limit, struct json_t **tree, enum reason *reason,
                      struct error *error) WARN_UNUSED;

/* The deepest nesting of objects and arrays, strings skipped; counting stops above `limit`. */
size_t json_depth(struct text bytes, size_t limit);

/* Whether the text holds a character that controls or reorders text (core/mail/characters.h), or bytes that
 * are not UTF-8. */
bool text_has_hidden(struct text text);

/* Appends the text as a JSON string with its quotes, as short as JSON allows; bytes that are not UTF-8 become
 * U+FFFD. */
void json_write_string(struct buffer *out, struct text text);

/* Appends `"name":"value"` behind `before` (such as "," or ",\"user\":{"); nothing at all where the value is
 * absent or empty.  `name` is written as it is. */
void json_write_member(struct buffer *out, const char *before, const char *name, struct text value);

/* The whole tree on one line; `flags` are json_dumps's.  It takes no memory that somebody would have to give
 * back to jansson. */
void json_write_tree(struct buffer *out, const struct json_t *tree, size_t flags);

/* json_write_string for people's eyes (audit, logs): whatever text_has_hidden finds is a \u escape. */
void json_write_visible(struct buffer *out, struct text text);

#endif
