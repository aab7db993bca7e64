/* Follows the HTML of a page, to know in what place its next placeholder stands. */
#ifndef CORE_MAIL_HTML_PLACE_H
#define CORE_MAIL_HTML_PLACE_H

#include "core/mail/escape.h"

/* Starts zeroed. */
struct html_place {
    enum { HTML_TEXT, HTML_TAG, HTML_DOUBLE_QUOTED, HTML_SINGLE_QUOTED, HTML_COMMENT, HTML_RAW } state;
    char tag[12], word[12]; /* the tag's name with its '/', the attribute's; in lower case, cut */
    bool tag_named;
    bool in_title;
    bool value_begun; /* something of the attribute's value has been seen */
    char last[2];     /* the two bytes before, to see "--" */
};

void html_place_follow(struct html_place *place, struct text html);

/* The place of a value that would come next; following it is html_place_value's. */
enum place html_place_here(const struct html_place *place);
void html_place_value(struct html_place *place);

#endif
