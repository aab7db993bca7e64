/* What is no token at all is not judged here: the caller answers it like an unknown one. */
#include "producer/token_body.h"

#include <stddef.h>

#include <jansson.h>

#include "core/event.h"
#include "core/event_fields.h"
#include "core/json_bytes.h"

enum { TOKEN_MOST = 512, EMAIL_MOST = 512 };

static const struct field fields[] = {
    {"token", FIELD_CONTENT, true, 0, TOKEN_MOST, offsetof(struct token_body, token)},
    {"email", FIELD_CONTENT, false, 0, EMAIL_MOST, offsetof(struct token_body, email)},
};
static const struct field_table both = {"", fields, 2}, token_alone = {"", fields, 1};

enum status token_body_read(struct text json, bool with_email, struct token_body *body, struct error *error)
{
    *body = (struct token_body){0};
    enum status status = json_read(json, REQUEST_MAXIMUM_SIZE, &body->tree, NULL, error);
    if (status == STATUS_OK)
        status = fields_read(body->tree, with_email ? &both : &token_alone, "", true, NULL, body, error);
    if (status != STATUS_OK)
        token_body_clear(body);
    return status;
}

void token_body_clear(struct token_body *body)
{
    text_wipe(&body->token);
    text_wipe(&body->email);
    json_decref(body->tree);
    *body = (struct token_body){0};
}
