/* From bytes to a request, a change or an event: strict JSON, the envelope, then the tables of
 * core/event_data.c.  Bodies are closed, so that a misspelt field is found; events are open, so that their
 * producers may be newer than their consumers.  The texts are copied into one piece of memory, which is wiped
 * with the request; the tree is gone when the answer is there, and so is its memory (core/json_memory.h). */
#include "core/event.h"

#include <stdlib.h>

#include <jansson.h>

#include "core/event_data.h"
#include "core/event_fields.h"
#include "core/json_bytes.h"
#include "core/json_memory.h"
#include "core/timestamp.h"
#include "core/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What is read: a tree for as long as its fields are looked at, and the texts that outlive it. */
struct reading {
    struct json_memory memory;
    json_t *tree;
    struct buffer texts;
};

/* No string of JSON is longer than how it is written: with room for `bytes` the texts are never moved. */
static enum status reading_start(struct reading *reading, struct text bytes, size_t limit,
                                 enum reason *reason, struct error *error)
{
    buffer_init_secret(&reading->texts, bytes.size);
    json_memory_open(&reading->memory);
    enum status status = json_read(bytes, limit, &reading->tree, reason, error);
    if (!status && !buffer_prepare(&reading->texts, bytes.size))
        status = error_set(error, STATUS_MEMORY, "no memory for %zu bytes of texts", bytes.size);
    return status;
}

/* `status` is what the fields came to.  The texts are the caller's, whatever it is. */
static void reading_end(struct reading *reading, enum status status, enum reason *reason)
{
    bool schema = reading->tree && status == STATUS_INVALID;
    json_decref(reading->tree);
    json_memory_close(&reading->memory);
    if (schema && reason)
        *reason = REASON_SCHEMA;
}

static enum status read_body(struct text body, enum data_kind kind, struct event_data *data,
                             enum reason *reason, struct error *error)
{
    struct reading reading;
    enum status status = reading_start(&reading, body, REQUEST_MAXIMUM_SIZE, reason, error);
    if (!status)
        status = event_data_read(reading.tree, kind, &reading.texts, data, error);
    reading_end(&reading, status, reason);
    data->request.memory = reading.texts;
    return status;
}

enum status request_decode(struct text body, struct request **request, enum reason *reason,
                           struct error *error)
{
    struct event_data data = {0};
    *request = NULL;
    enum status status = read_body(body, DATA_REQUEST_BODY, &data, reason, error);
    if (!status && !(*request = malloc(sizeof **request)))
        status = error_set(error, STATUS_MEMORY, "no memory for a request");
    if (status)
        buffer_clear(&data.request.memory);
    else
        **request = data.request;
    return status;
}

void request_free(struct request **request)
{
    if (!*request)
        return;
    buffer_clear(&(*request)->memory);
    free(*request);
    *request = NULL;
}

enum status password_change_decode(struct text body, struct password_change **change, enum reason *reason,
                                   struct error *error)
{
    struct event_data data = {0};
    *change = NULL;
    enum status status = read_body(body, DATA_CHANGE_BODY, &data, reason, error);
    if (!status && !(*change = malloc(sizeof **change)))
        status = error_set(error, STATUS_MEMORY, "no memory for a change");
    if (status) {
        buffer_clear(&data.request.memory);
        return status;
    }
    (*change)->request = data.request;
    (*change)->previous_email = text_equal(data.previous_email, data.request.user_email)
                                    ? (struct text){NULL, 0}
                                    : data.previous_email;
    return STATUS_OK;
}

void password_change_free(struct password_change **change)
{
    if (!*change)
        return;
    buffer_clear(&(*change)->request.memory);
    free(*change);
    *change = NULL;
}

struct request password_change_previous(const struct password_change *change)
{
    struct request request = change->request;
    request.user_email = change->previous_email;
    request.address = ADDRESS_PREVIOUS;
    return request;
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

static enum status check_envelope(const struct envelope *envelope, struct reset_event *event,
                                  enum data_kind *kind, struct error *error)
{
    if (!text_equal(envelope->specversion, TEXT("1.0")))
        return fields_refuse(&envelope_table, "", "specversion", error, "must be 1.0");
    if (text_equal(envelope->type, TEXT(EVENT_TYPE)))
        *kind = DATA_REQUEST;
    else if (text_equal(envelope->type, TEXT(EVENT_COMPLETED_TYPE)))
        *kind = DATA_CHANGE;
    else
        return fields_refuse(&envelope_table, "", "type", error,
                             "must be " EVENT_TYPE " or " EVENT_COMPLETED_TYPE);
    if (!uuid_read(envelope->id, event->id))
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

static enum status read_event(json_t *tree, struct buffer *texts, struct reset_event *event,
                              struct error *error)
{
    struct envelope envelope = {0};
    struct event_data data = {0};
    enum data_kind kind = DATA_REQUEST;
    enum status status = fields_read(tree, &envelope_table, "", false, texts, &envelope, error);
    if (!status)
        status = check_envelope(&envelope, event, &kind, error);
    if (!status)
        status = event_data_read(envelope.data, kind, texts, &data, error);
    read_traceparent(tree, event);
    event->request = data.request;
    event->asserted_by = data.asserted_by;
    return status;
}

enum status reset_event_decode(struct text value, struct reset_event **event, enum reason *reason,
                               struct error *error)
{
    struct reading reading;
    struct reset_event *decoded = NULL;
    enum status status = reading_start(&reading, value, EVENT_MAXIMUM_SIZE, reason, error);
    if (!status && !(decoded = calloc(1, sizeof *decoded)))
        status = error_set(error, STATUS_MEMORY, "no memory for an event");
    if (!status)
        status = read_event(reading.tree, &reading.texts, decoded, error);
    reading_end(&reading, status, reason);
    if (decoded)
        decoded->request.memory = reading.texts;
    else
        buffer_clear(&reading.texts);
    if (status)
        reset_event_free(&decoded);
    *event = decoded;
    return status;
}

void reset_event_free(struct reset_event **event)
{
    if (!*event)
        return;
    buffer_clear(&(*event)->request.memory);
    free(*event);
    *event = NULL;
}
