/* One JSON object read by a table of its fields.  Used by the decoders of core/event.h and of the calls on
 * tokens. */
#ifndef CORE_EVENT_FIELDS_H
#define CORE_EVENT_FIELDS_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

struct json_t;

enum field_form {
    FIELD_TEXT,    /* a string without hidden characters */
    FIELD_TENANT,  /* the same without `/` */
    FIELD_ADDRESS, /* address_check, without quotes and address literals */
    FIELD_CONTENT, /* any string */
    FIELD_OBJECT,
    FIELD_OBJECT_OR_NULL,
    FIELD_FLAG
};

/* Where it goes is an offset into the caller's struct: a struct text for strings, a struct json_t * for
 * objects, a bool for flags. */
struct field {
    const char *name;
    enum field_form form;
    bool required;
    size_t minimum, maximum; /* bytes of a string */
    size_t offset;
};

struct field_table {
    const char *pointer; /* JSON Pointer of the object, "" for the whole */
    const struct field *fields;
    size_t count; /* at most 32 */
};

/* Reads `object` into `target`.  A field that is absent leaves its place alone; a null object leaves NULL.
 * With `closed` a field that the table lacks is refused.  `prefix` stands before the table's pointer ("/data"
 * inside an event).  The texts are copied to `texts`, which has room for them (no tree's are larger than its
 * JSON was); without it they point into the tree. */
enum status fields_read(struct json_t *object, const struct field_table *table, const char *prefix,
                        bool closed, struct buffer *texts, void *target, struct error *error) WARN_UNUSED;

/* Refuses the field `name` of the table's object with the rest of a sentence about it: "is required". */
enum status fields_refuse(const struct field_table *table, const char *prefix, const char *name,
                          struct error *error, const char *sentence) WARN_UNUSED;

#endif
