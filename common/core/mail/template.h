/* Mail templates: parsed once at start into literal and placeholder segments, then rendered with every value
 * escaped for the place where it stands.  The format of the files is told in templates/README.md. */
#ifndef CORE_MAIL_TEMPLATE_H
#define CORE_MAIL_TEMPLATE_H

#include "core/buffer.h"
#include "core/mail/locale.h"
#include "core/status.h"
#include "core/text.h"

/* Which mail: one folder of templates each. */
enum mail_kind {
    MAIL_LINK,                      /* the link to choose a new password */
    MAIL_TEMPORARY_PASSWORD_MAILED, /* the temporary password itself */
    MAIL_TEMPORARY_PASSWORD_NOTICE, /* that there is one, which the administrator hands over */
    MAIL_PASSWORD_CHANGED,          /* that the password was changed */
    MAIL_KIND_COUNT
};

/* The folder's name: "link", "temporary_password_mailed", ... */
const char *mail_kind_name(enum mail_kind kind);

/* Who asked for it, as far as the reader may be told. */
enum mail_trigger {
    MAIL_TRIGGER_SELF,          /* somebody on the sign-in page; nobody knows who */
    MAIL_TRIGGER_ADMINISTRATOR, /* the first of policy.admin_roles */
    MAIL_TRIGGER_MANAGER        /* another of policy.admin_roles */
};

enum mail_part { MAIL_SUBJECT, MAIL_TEXT, MAIL_HTML, MAIL_PART_COUNT };

/* What a placeholder {{...}} stands for. */
enum mail_value {
    MAIL_VALUE_NAME,     /* of the user; empty: there is none, and the template's other greeting is used */
    MAIL_VALUE_TENANT,   /* the company */
    MAIL_VALUE_LINK,     /* the whole URL; secret */
    MAIL_VALUE_PASSWORD, /* the temporary password, in groups with hyphens between them; secret */
    MAIL_VALUE_HOST,     /* the host that the link must show, or the sign-in page */
    MAIL_VALUE_EXPIRES,  /* until when the link or the password works: a moment in words, with its zone */
    MAIL_VALUE_LIFETIME, /* for how long it works, in words: "24 hours" */
    MAIL_VALUE_HAPPENED, /* when the password was changed: a moment in words, with its zone */
    MAIL_VALUE_REQUEST_ID,
    MAIL_VALUE_SUPPORT,   /* whom to ask; empty: not told */
    MAIL_VALUE_IMPRINT,   /* the company's own line under its mails; empty: none */
    MAIL_VALUE_LOGO,      /* an image's URL; empty: none */
    MAIL_VALUE_COLOUR,    /* of the company: #rrggbb */
    MAIL_VALUE_ON_COLOUR, /* black or white, whichever reads better on it */
    MAIL_VALUE_EDGE,      /* of a button, so that one in the page's own colour is seen as one */
    MAIL_VALUE_COUNT
};

struct mail_values {
    struct text value[MAIL_VALUE_COUNT];
    enum mail_trigger trigger;
    bool branded; /* false: no value of a tenant's branding is looked at, all are the page's own */
};

/* One file of the templates' folder, wherever it was read from. */
struct template_source {
    const char *path; /* below that folder: "link/en.mail" */
    const char
        *file; /* what errors call it: "/etc/reset-relay/templates/link/en.mail", "built-in link/en.mail" */
    struct text content;
};

struct template_set;
struct mail_template;

/* Parses all sources into a set that keeps nothing of theirs.  STATUS_CONFIG, naming file and line, for an
 * unknown placeholder, a sentence that is missing or that nothing uses, a placeholder where no escaping is
 * safe, a mail without its link or its password or with one that its kind must not carry, a locale without
 * its mails, or none for `default_locale`. */
enum status template_set_new(const struct template_source *sources, size_t count, const char *default_locale,
                             struct template_set **set, struct error *error) WARN_UNUSED;
void template_set_free(struct template_set **set);

/* The template that serves `locale` (a BCP 47 tag, may be empty or nonsense) best, the default's otherwise;
 * never NULL. */
const struct mail_template *template_find(const struct template_set *set, enum mail_kind kind,
                                          struct text locale);
const struct locale *template_locale(const struct mail_template *mail);

/* The languages of the set, and each of them, from 0. */
size_t template_locales(const struct template_set *set);
const struct locale *template_locale_at(const struct template_set *set, size_t index);

/* Appends one part.  Text and HTML have CRLF line ends; the subject is one line of UTF-8, not yet encoded.
 * Characters that control or reorder text are left out of values. */
void template_render(const struct mail_template *mail, enum mail_part part, const struct mail_values *values,
                     struct buffer *out);

/* Appends the text or the HTML in its transfer encoding, 7 bit, in lines of at most 76 characters, closed by
 * a line end.  Decoded, it is what template_render writes.  `out` is its own scratch. */
void template_render_encoded(const struct mail_template *mail, enum mail_part part,
                             const struct mail_values *values, struct buffer *out);

/* That encoding's name: quoted-printable where it is the shorter one, which is where most is ASCII. */
const char *template_encoding(const struct mail_template *mail, enum mail_part part);

#endif
