/* Escaping: what a value becomes in the place where it stands. */
#ifndef CORE_MAIL_ESCAPE_H
#define CORE_MAIL_ESCAPE_H

#include "core/buffer.h"
#include "core/text.h"

enum place {
    PLACE_SUBJECT,        /* one line, encoded for the header later */
    PLACE_TEXT,           /* the plain text part */
    PLACE_HTML_TEXT,      /* between tags */
    PLACE_HTML_TITLE,     /* inside <title>, where no tag is possible */
    PLACE_HTML_ATTRIBUTE, /* inside a quoted attribute */
    PLACE_HTML_URL,       /* a whole URL as a quoted href */
    PLACE_NONE /* where nothing is safe: a tag, a comment, a style, a script, the middle of a URL */
};

/* How a value keeps its direction to itself when its neighbours run the other way. */
enum isolation {
    ISOLATE_NOT,
    ISOLATE_LEFT_TO_RIGHT, /* hosts, ids */
    ISOLATE_FIRST_STRONG   /* names */
};

/* Appends `value` (UTF-8) so that it stands there literally.  Invalid bytes and characters that control or
 * reorder text are left out.  Isolation is by marks (UAX 9) in text, by <bdi> in HTML, and nothing in other
 * places. */
void escape_append(enum place place, enum isolation isolation, struct text value, struct buffer *out);

#endif
