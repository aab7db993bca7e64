/* Colours of a page, and whether one can be read on another (WCAG 2.2, 1.4.3). */
#ifndef CORE_MAIL_COLOUR_H
#define CORE_MAIL_COLOUR_H

#include "core/text.h"

enum { COLOUR_SIZE = 8 }; /* "#rrggbb" and NUL */

/* Of mails whose tenant has no colour: it, what stands on it, and a button's edge. */
#define COLOUR_PLAIN      "#1d4ed8"
#define COLOUR_ON_PLAIN   "#ffffff"
#define COLOUR_EDGE_PLAIN COLOUR_PLAIN

/* Takes #rgb or #rrggbb; writes the latter, in lower case.  False for anything else. */
bool colour_parse(struct text text, char colour[COLOUR_SIZE]);

/* The contrast of two colours (as colour_parse writes them), 1 to 21. */
double colour_contrast(const char *one, const char *other);

/* Black or white, whichever has more contrast with it: at least 4.58 with any colour. */
const char *colour_readable_on(const char *colour);

#endif
