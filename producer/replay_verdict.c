/* The worker's questions in the worker's order: position, size, signature over the raw bytes, event, time,
 * policy.  So a letter is replayed when what killed it is over (the relay refused, the publisher was missing,
 * the policy has changed), and skipped when it would only die again; the reason in its header is for people.
 *
 * Age beats all else: an expired letter is told as expired, whatever is wrong with it besides. */
#include "producer/replay_verdict.h"

#include <stdio.h>

#include "core/json_bytes.h"

#define MINUTE_MS INT64_C(60000)
#define AHEAD_MS  (5 * MINUTE_MS)
#define AGE_MS    (24 * 60 * MINUTE_MS)

static bool skip(struct replay_letter *letter, const char *field, const char *why)
{
    letter->verdict = REPLAY_SKIPPED;
    snprintf(letter->why, sizeof letter->why, "%s%s%s", field, field[0] ? ": " : "", why);
    return false;
}

static bool expire(struct replay_letter *letter, const char *why)
{
    letter->verdict = REPLAY_EXPIRED;
    snprintf(letter->why, sizeof letter->why, "%s", why);
    return false;
}

static bool is_among(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

static bool has_position(const struct kafka_record *record, struct replay_letter *letter)
{
    struct error error = {0};
    if (retry_position_read(record, &letter->position, &error))
        return skip(letter, "", error.text);
    letter->generation = letter->position.generation;
    if (letter->generation == UINT32_MAX)
        return skip(letter, "", "it was replayed too often");
    return true;
}

static bool has_value(const struct kafka_record *record, struct replay_letter *letter)
{
    if (record->value.size == 0)
        return skip(letter, "", "the record has no value");
    if (record->value.size > EVENT_MAXIMUM_SIZE)
        return skip(letter, "", "the record is larger than any event");
    return true;
}

static bool is_signed(const struct replay_rules *rules, const struct kafka_record *record,
                      const struct publisher **publisher, struct replay_letter *letter)
{
    struct text header;
    struct error error = {0};
    if (!kafka_record_header(record, SIGNATURE_HEADER, &header))
        return rules->accept_unsigned || skip(letter, "", "there is no header " SIGNATURE_HEADER);
    if (publishers_verify(rules->publishers, header, record->value, publisher, &error))
        return skip(letter, "", error.text);
    return true;
}

static bool is_in_time(const struct replay_rules *rules, const struct reset_event *event,
                       struct replay_letter *letter)
{
    int64_t t0_ms = letter->position.t0_ms, end_ms = event->request.not_after_ms;
    if (event->time_ms > t0_ms + AHEAD_MS)
        return skip(letter, "/time", "more than 5 minutes ahead of Kafka's timestamp of the record");
    if (event->time_ms < t0_ms - AGE_MS)
        return expire(letter, "it was more than 24 hours old when it reached Kafka");
    if (end_ms != 0 && end_ms <= rules->now_ms)
        return expire(letter, "its not_after is past");
    return true;
}

static bool is_allowed(const struct replay_rules *rules, const struct publisher *publisher,
                       const struct reset_event *event, struct replay_letter *letter)
{
    const struct grant *grant = publisher ? &publisher->grant : policy_unsigned_grant();
    struct text name = publisher ? publisher->name : (struct text){"", 0};
    enum reason reason = policy_decide(rules->policy, grant, &event->request);
    if (reason != REASON_NONE)
        return skip(letter, "", policy_sentence(reason));
    return policy_believes_voucher(grant, name, &event->asserted_by) ||
           skip(letter, "/data/asserted_by", POLICY_FALSE_VOUCHER);
}

static bool is_fit(const struct replay_rules *rules, const struct kafka_record *record,
                   struct reset_event **event, struct replay_letter *letter)
{
    const struct publisher *publisher = NULL;
    struct error error = {0};
    if (!has_position(record, letter) || !has_value(record, letter) ||
        !is_signed(rules, record, &publisher, letter))
        return false;
    if (reset_event_decode(record->value, event, NULL, &error))
        return skip(letter, error.field, error.text);
    snprintf(letter->request_id, sizeof letter->request_id, "%s", (*event)->id);
    return is_in_time(rules, *event, letter) && is_allowed(rules, publisher, *event, letter);
}

static bool is_picked(const struct replay_rules *rules, const struct replay_letter *letter)
{
    if (rules->reason_count > 0 && !is_among(letter->reason, rules->reasons, rules->reason_count))
        return false;
    return rules->id_count == 0 || is_among(letter->request_id, rules->ids, rules->id_count);
}

static void take_next_position(const struct replay_rules *rules, struct replay_letter *letter)
{
    letter->position.generation++;
    letter->position.copy = 0;
    letter->position.attempt = 0;
    letter->position.retry_at_ms = rules->now_ms;
}

void replay_judge(const struct replay_rules *rules, const struct kafka_record *record,
                  struct replay_letter *letter)
{
    struct reset_event *event = NULL;
    struct text reason;
    *letter = (struct replay_letter){.verdict = rules->drop ? REPLAY_DROPPED : REPLAY_REPLAYED};
    if (kafka_record_header(record, "reason", &reason) && reason.size < sizeof letter->reason &&
        !text_has_hidden(reason))
        snprintf(letter->reason, sizeof letter->reason, "%.*s", (int)reason.size,
                 reason.bytes ? reason.bytes : "");
    bool fit = is_fit(rules, record, &event, letter);
    int64_t t0_ms = letter->position.t0_ms;
    if (t0_ms > 0 && rules->now_ms - t0_ms >= AGE_MS)
        fit = expire(letter, "its 24 hours are over");
    if (!is_picked(rules, letter))
        letter->verdict = REPLAY_UNPICKED;
    else if (fit)
        take_next_position(rules, letter);
    reset_event_free(&event);
}

static void write_text(struct buffer *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    buffer_append_string(out, ",\"");
    buffer_append_string(out, name);
    buffer_append_string(out, "\":");
    json_write_visible(out, text_of(text));
}

void replay_write(const struct replay_letter *letter, const struct kafka_record *record, bool dry_run,
                  struct buffer *out)
{
    static const char *const words[] = {
        [REPLAY_REPLAYED] = "replayed", [REPLAY_DROPPED] = "dropped",   [REPLAY_EXPIRED] = "expired",
        [REPLAY_SKIPPED] = "skipped",   [REPLAY_UNPICKED] = "unpicked", [REPLAY_FAILED] = "failed",
    };
    buffer_append_string(out, "{\"partition\":");
    buffer_append_number(out, record->reference.partition);
    buffer_append_string(out, ",\"offset\":");
    buffer_append_number(out, record->reference.offset);
    write_text(out, "request_id", letter->request_id);
    write_text(out, "reason", letter->reason);
    buffer_append_string(out, ",\"generation\":");
    buffer_append_number(out, letter->generation);
    write_text(out, "verdict", words[letter->verdict]);
    write_text(out, "why", letter->why);
    buffer_append_string(out, dry_run ? ",\"dry_run\":true}\n" : "}\n");
}
