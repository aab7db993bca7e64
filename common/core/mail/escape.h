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
    PLACE_HTML_URL,       /* a whole URL as the quoted href of an <a> */
    PLACE_HTML_IMAGE,     /* a whole URL as the quoted src of an <img> */
    PLACE_HTML_STYLE,     /* inside a quoted style: for values that can only be colours */
    PLACE_NONE /* where nothing is safe: a tag, a comment, a <style>, a script, the middle of a URL */
};

/* How a value keeps its direction to itself when its neighbours run the other way. */
enum isolation {
    ISOLATE_NOT,
    ISOLATE_LEFT_TO_RIGHT, /* hosts, ids */
    ISOLATE_FIRST_STRONG   /* names */
};

/* Appends `value` (UTF-8) so that it stands there literally.  Invalid bytes and characters that control or
 * reorder text are left out.  Isolation is by marks (UAX 9) in text, by the attribute dir in HTML, and
 * nothing in other places. */
void escape_append(enum place place, enum isolation isolation, struct text value, struct buffer *out);

/* Appends, as HTML text, a value in groups that end with a hyphen: a line may break between groups, not
 * inside. */
void escape_append_groups(struct text value, struct buffer *out);

#endif
