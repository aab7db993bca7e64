/* The audit trail is read by people and by machines that trust it, so what strangers wrote (tenants, ids) is
 * escaped until it cannot draw, reorder or end a line.  There is no place in the record for an address, a
 * token or the text of a reply.
 *
 * Ids are hashes of what names the outcome: whoever writes the same one again, after a crash or a rebalance,
 * gives it the same id, and a reader keeps the first. */
#include "core/audit.h"

#include "core/json_bytes.h"
#include "core/length_prefixed.h"
#include "core/short_text.h"
#include "core/timestamp.h"
#include "core/uuid.h"

/* An object being written: commas stand between fields, and an empty one is never opened.  Names are ours,
 * want no escape, and stand as FIELD writes them: with a comma that the first field leaves out. */
struct object {
    struct buffer *out;
    struct text opening; /* what is still to be written before the first field; empty: it is open */
    bool comma;          /* a field stands in it */
};

#define FIELD(name)   TEXT(",\"" name "\":")
#define OPENING(name) TEXT(",\"" name "\":{")

static void write_name(struct object *object, struct text field)
{
    buffer_append_text(object->out, object->opening);
    object->opening.size = 0;
    buffer_append(object->out, field.bytes + !object->comma, field.size - !object->comma);
    object->comma = true;
}

static void write_text(struct object *object, struct text name, struct text value)
{
    if (value.size == 0)
        return;
    write_name(object, name);
    json_write_visible(object->out, value);
}

static void write_number(struct object *object, struct text name, long long value)
{
    write_name(object, name);
    buffer_append_number(object->out, value);
}

static void write_flag(struct object *object, struct text name, bool value)
{
    if (!value)
        return;
    write_name(object, name);
    buffer_append_string(object->out, "true");
}

static void close_object(struct object *object)
{
    if (object->comma)
        buffer_append_byte(object->out, '}');
}

static void write_actor(const struct audit_record *record, struct buffer *out)
{
    struct object actor = {out, OPENING("actor"), false};
    write_text(&actor, FIELD("role"), record->actor_role);
    write_text(&actor, FIELD("id"), record->actor_id);
    write_text(&actor, FIELD("tenant"), record->actor_tenant);
    close_object(&actor);
}

static void write_asserted_by(const struct audit_record *record, struct buffer *out)
{
    if (!record->has_asserted_by)
        return;
    struct object asserted = {out, OPENING("asserted_by"), false};
    write_text(&asserted, FIELD("channel"), text_of(channel_name(record->asserted_by.channel)));
    write_text(&asserted, FIELD("key_id"), record->asserted_by.key_id);
    write_text(&asserted, FIELD("publisher"), record->publisher);
    write_flag(&asserted, FIELD("bulk"), record->asserted_by.bulk);
    close_object(&asserted);
}

static void write_places(const struct audit_record *record, struct buffer *out)
{
    struct object mailbox = {out, OPENING("mailbox"), false};
    if (record->mailbox.size > 0) {
        write_text(&mailbox, FIELD("hash"), record->mailbox);
        write_text(&mailbox, FIELD("key_id"), record->mailbox_key);
    }
    close_object(&mailbox);
    struct object smtp = {out, OPENING("smtp"), false};
    if (record->smtp_code > 0) {
        write_number(&smtp, FIELD("code"), record->smtp_code);
        write_text(&smtp, FIELD("enhanced"), record->smtp_enhanced);
    }
    close_object(&smtp);
    struct object kafka = {out, OPENING("kafka"), false};
    if (record->topic.size > 0) {
        write_text(&kafka, FIELD("topic"), record->topic);
        write_number(&kafka, FIELD("partition"), record->partition);
        write_number(&kafka, FIELD("offset"), record->offset);
    }
    close_object(&kafka);
}

static void write_data(const struct audit_record *record, struct buffer *out)
{
    buffer_append_string(out, ",\"data\":{");
    struct object data = {.out = out};
    write_text(&data, FIELD("outcome"), text_of(outcome_name(record->outcome)));
    if (record->reason != REASON_NONE)
        write_text(&data, FIELD("reason"), text_of(reason_name(record->reason)));
    if (record->detail != REASON_NONE)
        write_text(&data, FIELD("detail"), text_of(reason_name(record->detail)));
    write_text(&data, FIELD("request_id"), record->request_id);
    write_text(&data, FIELD("tenant"), record->tenant);
    write_text(&data, FIELD("user_id"), record->user_id);
    if (record->has_method)
        write_text(&data, FIELD("method"), text_of(method_name(record->method)));
    if (record->generation > 0)
        write_number(&data, FIELD("generation"), record->generation);
    if (record->copy > 0)
        write_number(&data, FIELD("copy"), record->copy);
    if (record->attempt > 0)
        write_number(&data, FIELD("attempt"), record->attempt);
    write_flag(&data, FIELD("maybe_mailed"), record->maybe_mailed);
    write_flag(&data, FIELD("rebuilt"), record->rebuilt);
    write_text(&data, FIELD("into"), record->into);
    write_text(&data, FIELD("completes"), record->completes);
    write_text(&data, FIELD("worker"), record->worker);
    if (traceparent_is_valid(record->traceparent))
        write_text(&data, FIELD("trace_id"), (struct text){record->traceparent.bytes + 3, 32});
    write_actor(record, out);
    write_asserted_by(record, out);
    write_places(record, out);
    buffer_append_byte(out, '}');
}

void audit_record_request(struct audit_record *record, const struct request *request)
{
    record->tenant = request->tenant;
    record->user_id = request->user_id;
    record->actor_role = request->actor_role;
    record->actor_id = request->actor_id;
    record->actor_tenant = request->actor_tenant;
    record->has_method = true;
    record->method = request->method;
}

void audit_encode(const struct audit_record *record, struct buffer *out)
{
    char time[TIMESTAMP_SIZE];
    timestamp_format(record->time_ms, time);
    buffer_append_string(out, "{\"specversion\":\"1.0\",\"type\":\"" AUDIT_TYPE "\"");
    struct object envelope = {.out = out, .comma = true};
    write_text(&envelope, FIELD("id"), text_of(record->id));
    write_text(&envelope, FIELD("source"), record->source);
    write_text(&envelope, FIELD("time"), text_of(time));
    write_text(&envelope, FIELD("datacontenttype"), TEXT("application/json"));
    if (traceparent_is_valid(record->traceparent))
        write_text(&envelope, FIELD("traceparent"), record->traceparent);
    write_data(record, out);
    buffer_append_byte(out, '}');
}

static void hash_number(crypto_generichash_state *hash, int64_t number)
{
    char digits[SHORT_TEXT_NUMBER];
    length_prefixed_hash(hash, short_text_number(number, digits));
}

static void finish_id(crypto_generichash_state *hash, char id[static AUDIT_ID_SIZE])
{
    unsigned char bytes[UUID_SIZE];
    crypto_generichash_final(hash, bytes, sizeof bytes);
    struct uuid uuid = uuid_v8(bytes);
    uuid_print(&uuid, id);
}

void audit_id_of_request(enum outcome outcome, struct text request_id, int64_t generation, int64_t copy,
                         struct text incarnation, char id[static AUDIT_ID_SIZE])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, UUID_SIZE);
    length_prefixed_hash(&hash, TEXT("request"));
    length_prefixed_hash(&hash, text_of(outcome_name(outcome)));
    length_prefixed_hash(&hash, request_id);
    hash_number(&hash, generation);
    hash_number(&hash, copy);
    length_prefixed_hash(&hash, incarnation);
    finish_id(&hash, id);
}

void audit_id_of_record(enum outcome outcome, struct text topic, int32_t partition, int64_t offset,
                        char id[static AUDIT_ID_SIZE])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, UUID_SIZE);
    length_prefixed_hash(&hash, TEXT("record"));
    length_prefixed_hash(&hash, text_of(outcome_name(outcome)));
    length_prefixed_hash(&hash, topic);
    hash_number(&hash, partition);
    hash_number(&hash, offset);
    finish_id(&hash, id);
}
