/* What is tried may hold anything that a person can type or paste: a password with a control character in it
 * is a wrong one, not a broken request.  Only what no JSON string can be (NUL) or nobody types (over 1 KiB)
 * is. */
#include "producer/password_body.h"

#include <stddef.h>

#include <jansson.h>

#include "core/event.h"
#include "core/event_fields.h"
#include "core/json_bytes.h"

static const struct field fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, offsetof(struct password_body, tenant)},
    {"user_id", FIELD_TEXT, true, 1, 128, offsetof(struct password_body, user_id)},
    {"password", FIELD_CONTENT, true, 1, PASSWORD_BODY_MOST, offsetof(struct password_body, password)},
};
static const struct field_table table = {"", fields, sizeof fields / sizeof *fields};

enum status password_body_read(struct text json, struct password_body *body, struct error *error)
{
    *body = (struct password_body){0};
    enum status status = json_read(json, REQUEST_MAXIMUM_SIZE, &body->tree, NULL, error);
    if (status == STATUS_OK)
        status = fields_read(body->tree, &table, "", true, NULL, body, error);
    if (status != STATUS_OK)
        password_body_clear(body);
    return status;
}

void password_body_forget(struct password_body *body)
{
    text_wipe(&body->password);
}

void password_body_clear(struct password_body *body)
{
    password_body_forget(body);
    json_decref(body->tree);
    *body = (struct password_body){0};
}
