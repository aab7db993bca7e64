/* What belongs to each kind of mail: decided here, so that templates are checked against it at start. */
#ifndef CORE_MAIL_MAIL_KIND_H
#define CORE_MAIL_MAIL_KIND_H

#include "core/mail/template.h"

enum presence {
    PRESENT_NEVER,     /* a template that uses it is refused */
    PRESENT_SOMETIMES, /* the mail decides */
    PRESENT_ALWAYS
};

enum presence mail_kind_value(enum mail_kind kind, enum mail_value value);

/* Whether mails of the kind are triggered by that; where by one alone, templates need not ask. */
enum presence mail_kind_trigger(enum mail_kind kind, enum mail_trigger trigger);

/* The kind of that name, or MAIL_KIND_COUNT. */
enum mail_kind mail_kind_named(struct text name);

#endif
