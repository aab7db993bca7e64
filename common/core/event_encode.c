/* From a request to the event's bytes, its digest and its key.  The JSON is written straight into the buffer:
 * every string comes out at most as long as it came in, so an event of a request that was accepted always
 * fits. */
#include "core/event.h"

#include <assert.h>

#include "core/json_bytes.h"
#include "core/length_prefixed.h"
#include "core/timestamp.h"

const char *user_address_name(enum user_address address)
{
    return address == ADDRESS_PREVIOUS ? "previous" : "current";
}

const char *channel_name(enum channel channel)
{
    return channel == CHANNEL_HTTP ? "http" : channel == CHANNEL_CLI ? "cli" : "kafka";
}

enum actor_class request_class(const struct request *request)
{
    return text_equal(request->actor_role, TEXT("self")) ? ACTOR_SELF : ACTOR_ADMIN;
}

static bool is_lower_hex(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.bytes[i];
        if ((byte < '0' || byte > '9') && (byte < 'a' || byte > 'f'))
            return false;
    }
    return true;
}

bool traceparent_is_valid(struct text text)
{
    if (text.size != EVENT_TRACEPARENT_SIZE - 1 || memcmp(text.bytes, "00-", 3) != 0 ||
        text.bytes[35] != '-' || text.bytes[52] != '-')
        return false;
    struct text trace = {text.bytes + 3, 32}, parent = {text.bytes + 36, 16}, flags = {text.bytes + 53, 2};
    return is_lower_hex(trace) && is_lower_hex(parent) && is_lower_hex(flags) &&
           memcmp(trace.bytes, "00000000000000000000000000000000", trace.size) != 0 &&
           memcmp(parent.bytes, "0000000000000000", parent.size) != 0;
}

static void write_user(const struct request *request, struct buffer *out)
{
    if (!request->user_known) {
        buffer_append_string(out, ",\"user\":null");
        return;
    }
    json_write_member(out, ",\"user\":{", "id", request->user_id);
    json_write_member(out, ",", "email", request->user_email);
    json_write_member(out, ",", "name", request->user_name);
    json_write_member(out, ",", "locale", request->user_locale);
    json_write_member(out, ",", "timezone", request->user_timezone);
    json_write_member(out, ",", "role", request->user_role);
    buffer_append_byte(out, '}');
}

static void write_client(const struct request *request, struct buffer *out)
{
    bool ip = request->client_ip.size > 0;
    if (!ip && request->client_user_agent.size == 0)
        return;
    buffer_append_string(out, ",\"client\":{");
    json_write_member(out, "", "ip", request->client_ip);
    json_write_member(out, ip ? "," : "", "user_agent", request->client_user_agent);
    buffer_append_byte(out, '}');
}

/* What a request asks for, or what a change says. */
static void write_matter(const struct request *request, struct buffer *out)
{
    if (request->method == METHOD_PASSWORD_CHANGED) {
        json_write_member(out, ",", "request_id", text_of(request->completes));
        json_write_member(out, ",", "address", text_of(user_address_name(request->address)));
        return;
    }
    json_write_member(out, ",", "method", text_of(method_name(request->method)));
    if (request->not_after_ms != 0) {
        char time[TIMESTAMP_SIZE];
        timestamp_format(request->not_after_ms, time);
        json_write_member(out, ",", "not_after", text_of(time));
    }
}

static void write_data(const struct request *request, const struct asserted_by *asserted, struct buffer *out)
{
    json_write_member(out, ",\"data\":{", "tenant", request->tenant);
    write_user(request, out);
    json_write_member(out, ",\"actor\":{", "role", request->actor_role);
    json_write_member(out, ",", "id", request->actor_id);
    json_write_member(out, ",", "tenant", request->actor_tenant);
    buffer_append_byte(out, '}');
    write_matter(request, out);
    write_client(request, out);
    if (asserted->channel != CHANNEL_KAFKA) {
        json_write_member(out, ",\"asserted_by\":{", "channel", text_of(channel_name(asserted->channel)));
        json_write_member(out, ",", "key_id", asserted->key_id);
        buffer_append_string(out, asserted->bulk ? ",\"bulk\":true}" : "}");
    }
    buffer_append_byte(out, '}');
}

enum status reset_event_encode(const struct request *request, const struct event_stamp *stamp,
                               struct buffer *out, struct error *error)
{
    assert(stamp->source.size > 0);
    assert(request->method != METHOD_PASSWORD_CHANGED || request->user_known);
    assert(stamp->asserted_by.channel == CHANNEL_KAFKA || stamp->asserted_by.key_id.size > 0);
    char time[TIMESTAMP_SIZE];
    timestamp_format(stamp->time_ms, time);
    json_write_member(out, "{\"specversion\":\"1.0\",", "id", text_of(stamp->id));
    json_write_member(out, ",", "source", stamp->source);
    bool change = request->method == METHOD_PASSWORD_CHANGED;
    json_write_member(out, ",", "type", change ? TEXT(EVENT_COMPLETED_TYPE) : TEXT(EVENT_TYPE));
    json_write_member(out, ",", "time", text_of(time));
    if (traceparent_is_valid(stamp->traceparent))
        json_write_member(out, ",", "traceparent", stamp->traceparent);
    buffer_append_string(out, ",\"datacontenttype\":\"application/json\"");
    write_data(request, &stamp->asserted_by, out);
    buffer_append_byte(out, '}');
    if (out->starved)
        return error_set(error, STATUS_MEMORY, "no memory for an event");
    if (out->failed)
        return error_set(error, STATUS_FULL, "the event does not fit into %zu bytes", out->limit);
    return STATUS_OK;
}

void request_digest(const struct request *request, unsigned char digest[static EVENT_DIGEST_SIZE])
{
    char time[TIMESTAMP_SIZE] = "";
    if (request->not_after_ms != 0)
        timestamp_format(request->not_after_ms, time);
    bool change = request->method == METHOD_PASSWORD_CHANGED;
    const struct text fields[] = {
        request->tenant,
        request->user_id,
        request->user_email,
        request->user_name,
        request->user_locale,
        request->user_timezone,
        request->user_role,
        request->actor_role,
        request->actor_id,
        request->actor_tenant,
        text_of(method_name(request->method)),
        text_of(time),
        request->client_ip,
        request->client_user_agent,
        text_of(request->completes), /* a change's own two are last, so that a request's digest lacks them */
        text_of(user_address_name(request->address)),
    };
    size_t count = sizeof fields / sizeof *fields - (change ? 0 : 2);
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, EVENT_DIGEST_SIZE);
    for (size_t i = 0; i < count; i++)
        length_prefixed_hash(&hash, fields[i]);
    crypto_generichash_final(&hash, digest, EVENT_DIGEST_SIZE);
}

void request_key(const struct request *request, struct buffer *out)
{
    if (!request->user_known)
        return;
    buffer_append_text(out, request->tenant);
    buffer_append_byte(out, '/');
    buffer_append_text(out, request->user_id);
}
