/* The body of POST /v1/temporary-passwords/verify. */
#ifndef PRODUCER_PASSWORD_BODY_H
#define PRODUCER_PASSWORD_BODY_H

#include "core/status.h"
#include "core/text.h"

struct json_t;

enum { PASSWORD_BODY_MOST = 1024 /* bytes of a password that is tried */ };

/* The texts point into `tree`.  The password is a secret: forget and clear wipe it. */
struct password_body {
    struct text tenant, user_id, password;
    struct json_t *tree;
};

/* `{"tenant": …, "user_id": …, "password": …}`.  STATUS_INVALID names the field: not JSON, NUL, an unknown
 * field, one that is missing, no text, empty or too long; never repeats it.  STATUS_MEMORY. */
WARN_UNUSED enum status password_body_read(struct text json, struct password_body *body, struct error *error);

/* The password alone, as soon as it is hashed. */
void password_body_forget(struct password_body *body);

void password_body_clear(struct password_body *body);

#endif
