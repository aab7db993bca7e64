/* Whether a password that an administrator chose for a user may be one. */
#ifndef CORE_CHOSEN_PASSWORD_H
#define CORE_CHOSEN_PASSWORD_H

#include "core/event.h"

enum {
    CHOSEN_PASSWORD_LEAST = 12,      /* characters */
    CHOSEN_PASSWORD_MOST = 128,      /* characters */
    CHOSEN_PASSWORD_PIECES_LEAST = 7 /* of common_password_pieces */
};

/* Of a decoded request with a password.  STATUS_INVALID with the field /password and a sentence that says
 * which rule it breaks and never repeats it: its length, a control character, the user's name, address or id
 * in it, a common password. */
WARN_UNUSED enum status chosen_password_check(const struct request *request, struct error *error);

#endif
