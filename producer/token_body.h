/* The bodies of the calls on tokens. */
#ifndef PRODUCER_TOKEN_BODY_H
#define PRODUCER_TOKEN_BODY_H

#include "core/status.h"
#include "core/text.h"

struct json_t;

/* Both texts point into `tree` and are secrets: clear wipes them. */
struct token_body {
    struct text token;
    struct text email; /* bytes NULL: not given, or empty */
    struct json_t *tree;
};

/* `{"token": …}`, with `email` also "email".  STATUS_INVALID names the field: not JSON, an unknown field, no
 * token, one that is no text or too long. */
WARN_UNUSED enum status token_body_read(struct text json, bool with_email, struct token_body *body,
                                        struct error *error);
void token_body_clear(struct token_body *body);

#endif
