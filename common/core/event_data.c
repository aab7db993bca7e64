/* One table per object and kind, then what a table cannot say: methods, times, ids, which fields go together.
 * A table's last row is left off where a body has no such field. */
#include "core/event_data.h"

#include <jansson.h>

#include "core/event_fields.h"
#include "core/mail/name.h"
#include "core/timestamp.h"
#include "core/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the tables fill beside the request itself. */
struct draft {
    struct request request;
    struct text method, not_after, request_id, previous_email, address;
    json_t *user, *actor, *client, *asserted_by;
    struct text channel, key_id;
    bool bulk;
};

#define AT(member) offsetof(struct draft, member)

static const struct field request_fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, AT(request.tenant)},
    {"user", FIELD_OBJECT_OR_NULL, true, 0, 0, AT(user)},
    {"actor", FIELD_OBJECT, true, 0, 0, AT(actor)},
    {"method", FIELD_TEXT, true, 1, 64, AT(method)},
    {"not_after", FIELD_TEXT, false, 1, 64, AT(not_after)},
    {"client", FIELD_OBJECT, false, 0, 0, AT(client)},
    {"password", FIELD_TEXT, false, 1, 512, AT(request.password)},
    {"asserted_by", FIELD_OBJECT, false, 0, 0, AT(asserted_by)}, /* last: a body has none */
};

static const struct field change_body_fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, AT(request.tenant)},
    {"user", FIELD_OBJECT, true, 0, 0, AT(user)},
    {"actor", FIELD_OBJECT, true, 0, 0, AT(actor)},
    {"request_id", FIELD_TEXT, false, 1, 64, AT(request_id)},
    {"client", FIELD_OBJECT, false, 0, 0, AT(client)},
    {"previous_email", FIELD_ADDRESS, false, 1, 254, AT(previous_email)},
};

/* `password` is there to be refused: an event never has one. */
static const struct field change_fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, AT(request.tenant)},
    {"user", FIELD_OBJECT, true, 0, 0, AT(user)},
    {"actor", FIELD_OBJECT, true, 0, 0, AT(actor)},
    {"request_id", FIELD_TEXT, false, 1, 64, AT(request_id)},
    {"client", FIELD_OBJECT, false, 0, 0, AT(client)},
    {"address", FIELD_TEXT, true, 1, 16, AT(address)},
    {"password", FIELD_TEXT, false, 1, 512, AT(request.password)},
    {"asserted_by", FIELD_OBJECT, false, 0, 0, AT(asserted_by)},
};

static const struct field user_fields[] = {
    {"id", FIELD_TEXT, true, 1, 128, AT(request.user_id)},
    {"email", FIELD_ADDRESS, true, 1, 254, AT(request.user_email)},
    {"name", FIELD_CONTENT, false, 0, SIZE_MAX, AT(request.user_name)},
    {"locale", FIELD_TEXT, false, 0, 64, AT(request.user_locale)},
    {"timezone", FIELD_TEXT, false, 0, 64, AT(request.user_timezone)},
    {"role", FIELD_TEXT, false, 1, 64, AT(request.user_role)}, /* last: a change has none */
};

static const struct field actor_fields[] = {
    {"role", FIELD_TEXT, true, 1, 64, AT(request.actor_role)},
    {"id", FIELD_TEXT, true, 1, 128, AT(request.actor_id)},
    {"tenant", FIELD_TENANT, true, 1, 128, AT(request.actor_tenant)},
};

static const struct field client_fields[] = {
    {"ip", FIELD_TEXT, false, 1, 64, AT(request.client_ip)},
    {"user_agent", FIELD_TEXT, false, 0, 1024, AT(request.client_user_agent)},
};

static const struct field asserted_fields[] = {
    {"channel", FIELD_TEXT, true, 1, 16, AT(channel)},
    {"key_id", FIELD_TEXT, true, 1, 128, AT(key_id)},
    {"bulk", FIELD_FLAG, false, 0, 0, AT(bulk)},
};

static const struct field_table actor_table = {"/actor", actor_fields, COUNT(actor_fields)};
static const struct field_table client_table = {"/client", client_fields, COUNT(client_fields)};
static const struct field_table asserted_table = {"/asserted_by", asserted_fields, COUNT(asserted_fields)};

/* How each kind is read; by enum data_kind. */
static const struct form {
    struct field_table data, user;
    const char *prefix; /* of JSON Pointers */
    bool closed, change;
} forms[] = {
    [DATA_REQUEST_BODY] = {{"", request_fields, COUNT(request_fields) - 1},
                           {"/user", user_fields, COUNT(user_fields)},
                           "",
                           true,
                           false},
    [DATA_REQUEST] = {{"", request_fields, COUNT(request_fields)},
                      {"/user", user_fields, COUNT(user_fields)},
                      "/data",
                      false,
                      false},
    [DATA_CHANGE_BODY] = {{"", change_body_fields, COUNT(change_body_fields)},
                          {"/user", user_fields, COUNT(user_fields) - 1},
                          "",
                          true,
                          true},
    [DATA_CHANGE] = {{"", change_fields, COUNT(change_fields)},
                     {"/user", user_fields, COUNT(user_fields) - 1},
                     "/data",
                     false,
                     true},
};

static enum status refuse(const struct form *form, const char *name, struct error *error,
                          const char *sentence)
{
    return fields_refuse(&form->data, form->prefix, name, error, sentence);
}

static enum status read_method_and_time(const struct form *form, struct draft *draft, struct error *error)
{
    struct request *request = &draft->request;
    if (!method_of_name(draft->method, &request->method))
        return refuse(form, "method", error, "is not a method; link is the usual one");
    if (draft->not_after.size > 0 && !timestamp_parse(draft->not_after, &request->not_after_ms))
        return refuse(form, "not_after", error, "must be a time as 2030-01-31T12:00:00Z (RFC 3339)");
    return STATUS_OK;
}

static enum status read_completion(const struct form *form, struct draft *draft, struct error *error)
{
    struct request *request = &draft->request;
    request->method = METHOD_PASSWORD_CHANGED;
    if (draft->request_id.size > 0 && !uuid_read(draft->request_id, request->completes))
        return refuse(form, "request_id", error, "must be a UUID: the id that a request was answered with");
    if (text_equal(draft->address, TEXT("previous")))
        request->address = ADDRESS_PREVIOUS;
    else if (draft->address.size > 0 && !text_equal(draft->address, TEXT("current")))
        return refuse(form, "address", error, "must be current or previous");
    return STATUS_OK;
}

static size_t characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return count;
}

/* The decoder knows only the length; common passwords and the user's name are the intake's to refuse. */
static enum status check_password(const struct form *form, const struct request *request, struct error *error)
{
    bool wanted = request->method == METHOD_TEMPORARY_PASSWORD_CHOSEN;
    if (!form->closed)
        return request->password.size > 0 ? refuse(form, "password", error, "must never be in an event")
                                          : STATUS_OK;
    if (wanted != (request->password.size > 0))
        return refuse(form, "password", error,
                      wanted ? "is required with temporary_password_chosen"
                             : "belongs to temporary_password_chosen alone");
    if (wanted && (characters(request->password) < 12 || characters(request->password) > 128))
        return refuse(form, "password", error, "must have 12 to 128 characters");
    return STATUS_OK;
}

static enum status read_asserted_by(const struct form *form, struct buffer *texts, struct draft *draft,
                                    struct asserted_by *asserted, struct error *error)
{
    if (!draft->asserted_by)
        return STATUS_OK;
    enum status status =
        fields_read(draft->asserted_by, &asserted_table, form->prefix, false, texts, draft, error);
    if (status)
        return status;
    if (text_equal(draft->channel, TEXT("http")))
        asserted->channel = CHANNEL_HTTP;
    else if (text_equal(draft->channel, TEXT("cli")))
        asserted->channel = CHANNEL_CLI;
    else
        return fields_refuse(&asserted_table, form->prefix, "channel", error, "must be http or cli");
    asserted->key_id = draft->key_id;
    asserted->bulk = draft->bulk;
    return STATUS_OK;
}

static enum status read_objects(json_t *object, const struct form *form, struct buffer *texts,
                                struct draft *draft, struct error *error)
{
    enum status status = fields_read(object, &form->data, form->prefix, form->closed, texts, draft, error);
    struct request *request = &draft->request;
    request->user_known = draft->user != NULL;
    if (!status && draft->user)
        status = fields_read(draft->user, &form->user, form->prefix, form->closed, texts, draft, error);
    if (!status)
        status = fields_read(draft->actor, &actor_table, form->prefix, form->closed, texts, draft, error);
    if (!status && draft->client)
        status = fields_read(draft->client, &client_table, form->prefix, form->closed, texts, draft, error);
    return status;
}

enum status event_data_read(struct json_t *object, enum data_kind kind, struct buffer *texts,
                            struct event_data *data, struct error *error)
{
    const struct form *form = &forms[kind];
    struct draft draft = {0};
    enum status status = read_objects(object, form, texts, &draft, error);
    struct request *request = &draft.request;
    if (!status)
        status =
            form->change ? read_completion(form, &draft, error) : read_method_and_time(form, &draft, error);
    if (!status)
        status = check_password(form, request, error);
    if (!status)
        status = read_asserted_by(form, texts, &draft, &data->asserted_by, error);
    request->name_unusable = request->user_name.size > 0 && !name_usable(request->user_name);
    data->request = *request;
    data->previous_email = draft.previous_email;
    return status;
}
