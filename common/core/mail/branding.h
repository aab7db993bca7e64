/* What a tenant's mails look like and where they lead: an immutable set, made from a file that the operator
 * keeps. */
#ifndef CORE_MAIL_BRANDING_H
#define CORE_MAIL_BRANDING_H

#include "core/mail/link.h"
#include "core/text.h"

enum { COLOUR_SIZE = 8 }; /* "#rrggbb" and NUL */

/* Empty texts: the tenant has none of its own. All of it was checked when the set was made. */
struct branding {
    struct text tenant;    /* the id by which requests name it */
    struct text name;      /* for display */
    struct text from_name; /* before the sender's address */
    struct text support;   /* whom its users ask */
    struct text footer;    /* its line under its mails */
    struct text logo;      /* https URL of an image */
    struct text sign_in;   /* host of its sign-in page; empty: the link's */
    char colour[COLOUR_SIZE], on_colour[COLOUR_SIZE], edge[COLOUR_SIZE];
    bool has_link;
    struct link_pattern link; /* its own reset page, where has_link */
};

struct branding_set;

void branding_set_free(struct branding_set **set);

/* The tenant's branding, which lives as long as the set; NULL where it has none.  `set` may be NULL. */
const struct branding *branding_find(const struct branding_set *set, struct text tenant);

#endif
