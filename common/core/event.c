/* From bytes to a request or an event: strict JSON, then one table per object, then what a table cannot say
 * (method, times, ids).  The request is closed, so that a misspelt field is found; the event is open, so that
 * its producers may be newer than its consumers.  The texts stay where jansson put them: the tree lives as
 * long as the request. */
#include "core/event.h"

#include <assert.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "core/event_fields.h"
#include "core/json_bytes.h"
#include "core/mail/name.h"
#include "core/timestamp.h"
#include "core/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the tables fill beside the request itself. */
struct draft {
    struct request request;
    struct text method, not_after;
    json_t *user, *actor, *client, *asserted_by;
    struct text channel, key_id;
    bool bulk;
};

#define AT(member) offsetof(struct draft, member)

static const struct field data_fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, AT(request.tenant)},
    {"user", FIELD_OBJECT_OR_NULL, true, 0, 0, AT(user)},
    {"actor", FIELD_OBJECT, true, 0, 0, AT(actor)},
    {"method", FIELD_TEXT, true, 1, 64, AT(method)},
    {"not_after", FIELD_TEXT, false, 1, 64, AT(not_after)},
    {"client", FIELD_OBJECT, false, 0, 0, AT(client)},
    {"password", FIELD_TEXT, false, 1, 512, AT(request.password)},
    {"asserted_by", FIELD_OBJECT, false, 0, 0, AT(asserted_by)}, /* last: a request body has none */
};

static const struct field user_fields[] = {
    {"id", FIELD_TEXT, true, 1, 128, AT(request.user_id)},
    {"email", FIELD_ADDRESS, true, 1, 254, AT(request.user_email)},
    {"name", FIELD_CONTENT, false, 0, SIZE_MAX, AT(request.user_name)},
    {"locale", FIELD_TEXT, false, 0, 64, AT(request.user_locale)},
    {"timezone", FIELD_TEXT, false, 0, 64, AT(request.user_timezone)},
    {"role", FIELD_TEXT, false, 1, 64, AT(request.user_role)},
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

static const struct field_table data_table = {"", data_fields, COUNT(data_fields)};
static const struct field_table body_table = {"", data_fields, COUNT(data_fields) - 1};
static const struct field_table user_table = {"/user", user_fields, COUNT(user_fields)};
static const struct field_table actor_table = {"/actor", actor_fields, COUNT(actor_fields)};
static const struct field_table client_table = {"/client", client_fields, COUNT(client_fields)};
static const struct field_table asserted_table = {"/asserted_by", asserted_fields, COUNT(asserted_fields)};

static enum status read_times_and_method(struct draft *draft, const char *prefix, struct error *error)
{
    struct request *request = &draft->request;
    if (!method_of_name(draft->method, &request->method))
        return fields_refuse(&data_table, prefix, "method", error, "is not a method; link is the usual one");
    if (draft->not_after.size > 0 && !timestamp_parse(draft->not_after, &request->not_after_ms))
        return fields_refuse(&data_table, prefix, "not_after", error,
                             "must be a time as 2030-01-31T12:00:00Z (RFC 3339)");
    return STATUS_OK;
}

static size_t characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return count;
}

/* A request's: the decoder knows only the length; common passwords and the user's name are the intake's to
 * refuse. */
static enum status check_password(const struct request *request, struct error *error)
{
    bool wanted = request->method == METHOD_TEMPORARY_PASSWORD_CHOSEN;
    if (wanted != (request->password.size > 0))
        return fields_refuse(&body_table, "", "password", error,
                             wanted ? "is required with temporary_password_chosen"
                                    : "belongs to temporary_password_chosen alone");
    if (wanted && (characters(request->password) < 12 || characters(request->password) > 128))
        return fields_refuse(&body_table, "", "password", error, "must have 12 to 128 characters");
    return STATUS_OK;
}

static enum status read_asserted_by(struct draft *draft, const char *prefix, struct asserted_by *asserted,
                                    struct error *error)
{
    if (!draft->asserted_by)
        return STATUS_OK;
    enum status status = fields_read(draft->asserted_by, &asserted_table, prefix, false, draft, error);
    if (status)
        return status;
    if (text_equal(draft->channel, TEXT("http")))
        asserted->channel = CHANNEL_HTTP;
    else if (text_equal(draft->channel, TEXT("cli")))
        asserted->channel = CHANNEL_CLI;
    else
        return fields_refuse(&asserted_table, prefix, "channel", error, "must be http or cli");
    asserted->key_id = draft->key_id;
    asserted->bulk = draft->bulk;
    return STATUS_OK;
}

/* The fields that a request body and an event's data share. */
static enum status read_data(json_t *data, const struct field_table *table, const char *prefix, bool closed,
                             struct draft *draft, struct error *error)
{
    enum status status = fields_read(data, table, prefix, closed, draft, error);
    struct request *request = &draft->request;
    request->user_known = draft->user != NULL;
    if (!status && draft->user)
        status = fields_read(draft->user, &user_table, prefix, closed, draft, error);
    if (!status)
        status = fields_read(draft->actor, &actor_table, prefix, closed, draft, error);
    if (!status && draft->client)
        status = fields_read(draft->client, &client_table, prefix, closed, draft, error);
    if (!status)
        status = read_times_and_method(draft, prefix, error);
    request->name_unusable = request->user_name.size > 0 && !name_usable(request->user_name);
    return status;
}

static void release(struct request *request)
{
    if (request->password.size > 0)
        sodium_memzero((char *)(uintptr_t)request->password.bytes, request->password.size);
    json_decref(request->tree);
    request->tree = NULL;
}

enum status request_decode(struct text body, struct request **request, enum reason *reason,
                           struct error *error)
{
    struct draft draft = {0};
    json_t *tree;
    *request = NULL;
    enum status status = json_read(body, REQUEST_MAXIMUM_SIZE, &tree, reason, error);
    if (status)
        return status;
    draft.request.tree = tree;
    status = read_data(tree, &body_table, "", true, &draft, error);
    if (!status)
        status = check_password(&draft.request, error);
    if (status && reason)
        *reason = REASON_SCHEMA;
    if (!status && !(*request = malloc(sizeof **request)))
        status = error_set(error, STATUS_MEMORY, "no memory for a request");
    if (status)
        release(&draft.request);
    else
        **request = draft.request;
    return status;
}

void request_free(struct request **request)
{
    if (!*request)
        return;
    release(*request);
    free(*request);
    *request = NULL;
}

struct envelope {
    struct text specversion, id, type, source, time;
    json_t *data;
};

#define OF(member) offsetof(struct envelope, member)

static const struct field envelope_fields[] = {
    {"specversion", FIELD_TEXT, true, 1, 16, OF(specversion)},
    {"id", FIELD_TEXT, true, 1, 64, OF(id)},
    {"type", FIELD_TEXT, true, 1, 256, OF(type)},
    {"source", FIELD_TEXT, true, 1, 256, OF(source)},
    {"time", FIELD_TEXT, true, 1, 64, OF(time)},
    {"data", FIELD_OBJECT, true, 0, 0, OF(data)},
};

static const struct field_table envelope_table = {"", envelope_fields, COUNT(envelope_fields)};

static bool read_id(struct text text, char id[static EVENT_ID_SIZE])
{
    if (text.size != EVENT_ID_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.bytes[i];
        id[i] = byte >= 'A' && byte <= 'F' ? (char)(byte + ('a' - 'A')) : byte;
    }
    id[text.size] = '\0';
    return uuid_is_text((struct text){id, text.size});
}

static enum status check_envelope(const struct envelope *envelope, struct reset_event *event,
                                  struct error *error)
{
    if (!text_equal(envelope->specversion, TEXT("1.0")))
        return fields_refuse(&envelope_table, "", "specversion", error, "must be 1.0");
    if (!text_equal(envelope->type, TEXT(EVENT_TYPE)))
        return fields_refuse(&envelope_table, "", "type", error, "must be " EVENT_TYPE);
    if (!read_id(envelope->id, event->id))
        return fields_refuse(&envelope_table, "", "id", error, "must be a UUID");
    if (!timestamp_parse(envelope->time, &event->time_ms))
        return fields_refuse(&envelope_table, "", "time", error,
                             "must be a time as 2030-01-31T12:00:00Z (RFC 3339)");
    event->source = envelope->source;
    return STATUS_OK;
}

/* W3C Trace Context: a malformed traceparent is as good as none. */
static void read_traceparent(json_t *tree, struct reset_event *event)
{
    json_t *value = json_object_get(tree, "traceparent");
    struct text text = {json_string_value(value), json_string_length(value)};
    if (!traceparent_is_valid(text))
        return;
    memcpy(event->traceparent, text.bytes, text.size);
    event->traceparent[text.size] = '\0';
}

static enum status read_event(json_t *tree, struct reset_event *event, struct error *error)
{
    struct envelope envelope = {0};
    struct draft draft = {0};
    enum status status = fields_read(tree, &envelope_table, "", false, &envelope, error);
    if (!status)
        status = check_envelope(&envelope, event, error);
    if (!status)
        status = read_data(envelope.data, &data_table, "/data", false, &draft, error);
    if (!status && draft.request.password.size > 0)
        status = fields_refuse(&data_table, "/data", "password", error, "must never be in an event");
    if (!status)
        status = read_asserted_by(&draft, "/data", &event->asserted_by, error);
    read_traceparent(tree, event);
    event->request = draft.request;
    return status;
}

enum status reset_event_decode(struct text value, struct reset_event **event, enum reason *reason,
                               struct error *error)
{
    json_t *tree;
    *event = NULL;
    enum status status = json_read(value, EVENT_MAXIMUM_SIZE, &tree, reason, error);
    if (status)
        return status;
    struct reset_event *decoded = calloc(1, sizeof *decoded);
    if (!decoded) {
        json_decref(tree);
        return error_set(error, STATUS_MEMORY, "no memory for an event");
    }
    status = read_event(tree, decoded, error);
    decoded->request.tree = tree;
    if (status) {
        if (reason)
            *reason = REASON_SCHEMA;
        reset_event_free(&decoded);
        return status;
    }
    *event = decoded;
    return STATUS_OK;
}

void reset_event_free(struct reset_event **event)
{
    if (!*event)
        return;
    release(&(*event)->request);
    free(*event);
    *event = NULL;
}
