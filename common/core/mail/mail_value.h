/* What is known of the values that templates may show. */
#ifndef CORE_MAIL_MAIL_VALUE_H
#define CORE_MAIL_MAIL_VALUE_H

#include "core/mail/template.h"

/* As a template writes it, closed by a NUL: "request_id". */
struct text mail_value_name(enum mail_value value);

/* The value of that name, or SIZE_MAX. */
size_t mail_value_named(struct text name);

bool mail_value_is_secret(enum mail_value value);
bool mail_value_is_colour(enum mail_value value);
bool mail_value_is_of_branding(enum mail_value value); /* and empty in mails without one */

/* The secret that mails of the kind carry, or MAIL_VALUE_COUNT. */
enum mail_value mail_value_secret_of(enum mail_kind kind);

/* A colour of mails whose tenant has none. */
struct text mail_value_plain_colour(enum mail_value value);

#endif
