/* The object's own members are walked, not the table's, so that an unknown one is seen and each is looked at
 * once.  Values are never put into an error: they may be addresses.  The key of an unknown field is named
 * only when it is a plain word for the same reason. */
#include "core/event_fields.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "core/json_bytes.h"
#include "core/mail/address.h"

enum status fields_refuse(const struct field_table *table, const char *prefix, const char *name,
                          struct error *error, const char *sentence)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "%s%s%s%s", prefix, table->pointer, *name ? "/" : "", name);
    return error_set_field(error, STATUS_INVALID, pointer, "%s %s", *pointer ? pointer : "the JSON",
                           sentence);
}

static bool is_plain_word(struct text key)
{
    if (key.size == 0 || key.size > 24)
        return false;
    for (size_t i = 0; i < key.size; i++) {
        char byte = key.bytes[i];
        bool letter =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (!letter && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

/* Mail could carry quoted local parts and address literals; nobody's users have them, and they hide what an
 * address is. */
static bool is_plain_address(struct text value)
{
    return value.size > 0 && !memchr(value.bytes, '"', value.size) && !memchr(value.bytes, '[', value.size) &&
           address_check(value, NULL) == STATUS_OK;
}

static const char *fault_of_string(const struct field *field, struct text value)
{
    if (value.size < field->minimum)
        return "must not be empty";
    if (value.size > field->maximum)
        return "is too long";
    switch (field->form) {
    case FIELD_ADDRESS:
        return is_plain_address(value) ? NULL : "is not an address that mail can be sent to";
    case FIELD_TENANT:
        if (value.size && memchr(value.bytes, '/', value.size))
            return "must not have a slash";
        break;
    case FIELD_CONTENT:
        return NULL;
    default:
        break;
    }
    return text_has_hidden(value) ? "has a control or bidirectional character" : NULL;
}

/* Room for it was made at once for all, so that what was kept before stays where it is. */
static struct text keep(struct buffer *texts, struct text text)
{
    size_t start = texts->size;
    assert(text.size <= texts->capacity - start);
    buffer_append_text(texts, text);
    return (struct text){texts->bytes + start, text.size};
}

static const char *read_string(const struct field *field, json_t *value, struct buffer *texts, void *place)
{
    if (!json_is_string(value))
        return "must be a string";
    struct text text = {json_string_value(value), json_string_length(value)};
    const char *fault = fault_of_string(field, text);
    if (fault || text.size == 0)
        return fault;
    if (texts)
        text = keep(texts, text);
    memcpy(place, &text, sizeof text);
    return NULL;
}

static const char *read_value(const struct field *field, json_t *value, struct buffer *texts, void *place)
{
    switch (field->form) {
    case FIELD_OBJECT:
    case FIELD_OBJECT_OR_NULL:
        if (field->form == FIELD_OBJECT_OR_NULL && json_is_null(value))
            return NULL;
        if (!json_is_object(value))
            return "must be an object";
        memcpy(place, &value, sizeof value);
        return NULL;
    case FIELD_FLAG:
        if (!json_is_boolean(value))
            return "must be true or false";
        *(bool *)place = json_is_true(value);
        return NULL;
    default:
        return read_string(field, value, texts, place);
    }
}

static size_t find(const struct field_table *table, struct text name)
{
    size_t index = 0;
    while (index < table->count && !text_equal(text_of(table->fields[index].name), name))
        index++;
    return index;
}

enum status fields_read(struct json_t *object, const struct field_table *table, const char *prefix,
                        bool closed, struct buffer *texts, void *target, struct error *error)
{
    assert(table->count <= 32);
    uint32_t seen = 0;
    const char *key;
    size_t size;
    json_t *value;
    json_object_keylen_foreach(object, key, size, value)
    {
        struct text name = {key, size};
        size_t index = find(table, name);
        if (index == table->count) {
            if (!closed)
                continue;
            return fields_refuse(table, prefix, is_plain_word(name) ? key : "", error,
                                 is_plain_word(name) ? "is not a field of this contract"
                                                     : "has a field that is not of this contract");
        }
        const struct field *field = table->fields + index;
        const char *fault = read_value(field, value, texts, (char *)target + field->offset);
        if (fault)
            return fields_refuse(table, prefix, field->name, error, fault);
        seen |= UINT32_C(1) << index;
    }
    for (size_t i = 0; i < table->count; i++)
        if (table->fields[i].required && !(seen & UINT32_C(1) << i))
            return fields_refuse(table, prefix, table->fields[i].name, error, "is required");
    return STATUS_OK;
}
