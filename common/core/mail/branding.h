/* What a tenant's mails look like and where they lead: an immutable set, made from a file that the operator
 * keeps (`[templates] tenants`; templates/README.md tells its form). */
#ifndef CORE_MAIL_BRANDING_H
#define CORE_MAIL_BRANDING_H

#include "core/mail/colour.h"
#include "core/mail/link.h"
#include "core/status.h"
#include "core/text.h"

/* Empty texts: the tenant has none of its own.  All of it was checked when the set was made. */
struct branding {
    struct text tenant;      /* the id by which requests name it */
    struct text name;        /* for display */
    struct text from_header; /* the whole line with the tenant's name before the sender's address */
    struct text support;     /* whom its users ask */
    struct text footer;      /* its line under its mails */
    struct text logo;        /* https URL of an image */
    struct text sign_in;     /* host of its sign-in page; empty: the link's */
    char colour[COLOUR_SIZE], on_colour[COLOUR_SIZE], edge[COLOUR_SIZE]; /* "": the page's own */
    bool has_link;
    struct link_pattern link; /* its own reset page, where has_link */
};

/* What the operator's main configuration says: a tenant's file alone can lead nobody elsewhere. */
struct branding_rules {
    struct text link_host;      /* of [link] url: always allowed */
    const char *const *allowed; /* [link] allowed: hosts, with their ports where they are not the usual */
    size_t allowed_count;
    struct text sender; /* the checked address of [smtp] from */
};

struct branding_set;

/* `file` names the content in errors.  Copies what it keeps.  STATUS_CONFIG, with file and line, for the
 * first thing that is wrong. */
enum status branding_set_parse(const char *file, struct text content, const struct branding_rules *rules,
                               struct branding_set **set, struct error *error) WARN_UNUSED;
void branding_set_free(struct branding_set **set);

/* The tenant's branding, which lives as long as the set; NULL where it has none.  `set` may be NULL. */
const struct branding *branding_find(const struct branding_set *set, struct text tenant);

#endif
