/* What is no token at all is not judged here: the caller answers it like an unknown one. */
#include "producer/token_body.h"

#include <stdint.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "core/event.h"
#include "core/json_bytes.h"

enum { TOKEN_MOST = 512, EMAIL_MOST = 512 };

static enum status take(struct json_t *value, const char *field, size_t most, struct text *text,
                        struct error *error)
{
    if (!json_is_string(value))
        return error_set_field(error, STATUS_INVALID, field, "%s must be a string", field + 1);
    *text = (struct text){json_string_value(value), json_string_length(value)};
    if (text->size > most)
        return error_set_field(error, STATUS_INVALID, field, "%s is too long", field + 1);
    return STATUS_OK;
}

enum status token_body_read(struct text json, bool with_email, struct token_body *body, struct error *error)
{
    *body = (struct token_body){0};
    enum status status = json_read(json, REQUEST_MAXIMUM_SIZE, &body->tree, NULL, error);
    const char *name;
    json_t *value;
    if (status != STATUS_OK)
        return status;
    json_object_foreach(body->tree, name, value)
    {
        if (strcmp(name, "token") == 0)
            status = take(value, "/token", TOKEN_MOST, &body->token, error);
        else if (with_email && strcmp(name, "email") == 0)
            status = take(value, "/email", EMAIL_MOST, &body->email, error);
        else
            status =
                error_set_field(error, STATUS_INVALID, "", "there is a field that this call does not take");
        if (status != STATUS_OK)
            break;
    }
    if (status == STATUS_OK && !body->token.bytes)
        status = error_set_field(error, STATUS_INVALID, "/token", "token is missing");
    if (status != STATUS_OK)
        token_body_clear(body);
    return status;
}

static void wipe(struct text text)
{
    if (text.bytes)
        sodium_memzero((char *)(uintptr_t)text.bytes, text.size);
}

void token_body_clear(struct token_body *body)
{
    wipe(body->token);
    wipe(body->email);
    json_decref(body->tree);
    *body = (struct token_body){0};
}
