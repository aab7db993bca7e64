/* One line of `send`: decoded, checked by the policy under the grant of the producer's own publisher, given
 * to Kafka.
 *
 * A line that the policy refuses is told once the audit has it.  Its audit record has no request id, since
 * nothing was asked for, but with a prefix the same id whenever the file is sent again.
 *
 * The id of a request: fresh, or with --idempotency-prefix made of the publisher, the prefix and the line's
 * number, so that a file sent again after an interruption asks for nothing twice. */
#include <inttypes.h>
#include <stdio.h>

#include "core/method.h"
#include "core/uuid.h"
#include "io/clock.h"
#include "producer/send_state.h"

static void delivered(void *context, const struct kafka_delivery *delivery)
{
    struct send_entry *entry = context;
    struct send *send = entry->context;
    if (delivery->status == STATUS_OK) {
        send_entry_settle(entry, SEND_ACCEPTED, "", "");
    } else if (delivery->status == STATUS_INVALID) {
        send_entry_settle(entry, SEND_REFUSED, "", delivery->reason);
    } else {
        entry->maybe_published = delivery->maybe_persisted;
        send_entry_settle(entry, SEND_FAILED, "", delivery->reason);
        send->kafka_failed = send->stopping = true;
    }
    send->holding = false;
    send_pump_soon(send);
}

static void give_id(const struct send *send, uint64_t line, char id[static EVENT_ID_SIZE])
{
    struct uuid uuid;
    if (send->prefix) {
        char name[SIGNATURE_PUBLISHER_MOST + 8], key[320];
        snprintf(name, sizeof name, "cli:%.*s", (int)send->own->name.size, send->own->name.bytes);
        snprintf(key, sizeof key, "%s:%" PRIu64, send->prefix, line);
        uuid = uuid_of_idempotency_key(text_of(name), text_of(key));
    } else {
        uuid = process_uuid(clock_realtime_ms());
    }
    uuid_print(&uuid, id);
}

static const char *field_of(enum reason reason)
{
    switch (reason) {
    case REASON_TENANT:
        return "/tenant";
    case REASON_METHOD:
        return "/method";
    case REASON_ACTOR_TENANT:
        return "/actor/tenant";
    case REASON_SELF_MISMATCH:
        return "/actor/id";
    case REASON_USER_ROLE:
        return "/user/role";
    default:
        return "/actor/role";
    }
}

static void settle_denied(struct send_entry *entry, enum reason reason)
{
    send_entry_settle(entry, SEND_REFUSED, field_of(reason), policy_sentence(reason));
}

static enum send_line_end hold(struct send *send, struct send_entry *entry, const struct error *error)
{
    const int64_t patience_ms = 30000;
    int64_t now = clock_monotonic_ms();
    if (send->held_at_ms == 0)
        send->held_at_ms = now;
    bool hopeless = error->status != STATUS_FULL && error->status != STATUS_UNAVAILABLE;
    if (hopeless || now - send->held_at_ms > patience_ms) {
        send_entry_settle(entry, SEND_FAILED, "", error->text);
        send->kafka_failed = send->stopping = true;
        return SEND_LINE_BEGUN;
    }
    send_window_cancel(send->window, entry);
    return SEND_LINE_HOLD;
}

static enum send_line_end publish(struct send *send, struct send_entry *entry, const struct request *request)
{
    struct error error = {0};
    give_id(send, entry->line, entry->id);
    const struct publication publication = {
        .request = request,
        .id = entry->id,
        .asserted_by = {.channel = CHANNEL_CLI,
                        .key_id = send->own->name,
                        .bulk = policy_is_bulk(&send->own->grant, request)},
    };
    switch (event_publisher_send(send->publisher, &publication, delivered, entry, &error)) {
    case STATUS_OK:
        send->held_at_ms = 0;
        break;
    case STATUS_INVALID:
        send_entry_settle(entry, SEND_REFUSED, "", error.text);
        break;
    default:
        return hold(send, entry, &error);
    }
    return SEND_LINE_BEGUN;
}

static void denial_written(void *context, const struct kafka_delivery *delivery)
{
    struct send_entry *entry = context;
    struct send *send = entry->context;
    settle_denied(entry, entry->denied);
    if (delivery->status != STATUS_OK)
        send->kafka_failed = send->stopping = true;
    send->holding = false;
    send_pump_soon(send);
}

static enum send_line_end deny(struct send *send, struct send_entry *entry, const struct request *request,
                               enum reason reason)
{
    char id[EVENT_ID_SIZE], audit_id[AUDIT_ID_SIZE];
    struct error error = {0};
    struct audit_record record = {
        .outcome = OUTCOME_DENIED,
        .reason = reason,
        .has_asserted_by = true,
        .asserted_by = {.channel = CHANNEL_CLI, .key_id = send->own->name},
    };
    if (send->dry_run) {
        settle_denied(entry, reason);
        return SEND_LINE_BEGUN;
    }
    audit_record_request(&record, request);
    give_id(send, entry->line, id);
    audit_id_of_request(OUTCOME_DENIED, text_of(id), 0, 0, (struct text){NULL, 0}, audit_id);
    record.id = audit_id;
    entry->denied = reason;
    if (audit_trail_write(send->audit, &record, denial_written, entry, &error))
        return hold(send, entry, &error);
    send->held_at_ms = 0;
    return SEND_LINE_BEGUN;
}

/* Decides about a request that was read. */
static enum send_line_end judge(struct send *send, struct send_entry *entry, const struct request *request)
{
    if (method_traits(request->method)->staged) {
        send_entry_settle(entry, SEND_REFUSED, "/method",
                          "a password that is handed over or chosen goes by HTTP only");
        return SEND_LINE_BEGUN;
    }
    enum reason reason = policy_decide(&send->policy.policy, &send->own->grant, request);
    if (reason != REASON_NONE)
        return deny(send, entry, request, reason);
    if (!send->dry_run)
        return publish(send, entry, request);
    send_entry_settle(entry, SEND_VALID, "", "");
    return SEND_LINE_BEGUN;
}

static bool is_blank(struct text line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.bytes[i] != ' ' && line.bytes[i] != '\t' && line.bytes[i] != '\r')
            return false;
    return true;
}

static enum send_line_end check(struct send *send, struct send_entry *entry, struct text line)
{
    struct request *request = NULL;
    struct error error = {0};
    enum send_line_end end = SEND_LINE_BEGUN;
    enum status status = request_decode(line, &request, NULL, &error);
    if (status == STATUS_INVALID) {
        send_entry_settle(entry, SEND_REFUSED, error.field, error.text);
    } else if (status != STATUS_OK) {
        send_entry_settle(entry, SEND_FAILED, "", error.text);
        send->kafka_failed = send->stopping = true;
    } else {
        end = judge(send, entry, request);
    }
    request_free(&request);
    return end;
}

enum send_line_end send_line(struct send *send, struct text line)
{
    if (is_blank(line))
        return SEND_LINE_BLANK;
    uint64_t number = line_reader_number(send->reader);
    enum send_line_end end = check(send, send_window_begin(send->window, number), line);
    if (end == SEND_LINE_BEGUN)
        send->last_line = number;
    return end;
}

void send_line_too_long(struct send *send)
{
    send->last_line = line_reader_number(send->reader);
    send_entry_settle(send_window_begin(send->window, send->last_line), SEND_REFUSED, "",
                      "the line is longer than 65536 bytes");
}
