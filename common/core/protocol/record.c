/* Which member of a record stands in which field of its line.  The order is the format: a change of it needs
 * another version letter in line.c, and readers of both for as long as the old records live (72 hours). */
#include "core/protocol/record.h"

#include <stddef.h>

#include "core/protocol/line.h"

#define MEMBER(type, kind, member)                                                                           \
    {                                                                                                        \
        (kind), offsetof(struct type, member), 0, FIELD_ALWAYS                                               \
    }
#define BYTES(type, member, size)                                                                            \
    {                                                                                                        \
        FIELD_BYTES, offsetof(struct type, member), (size), FIELD_ALWAYS                                     \
    }
#define MAYBE(type, kind, member, size, has)                                                                 \
    {                                                                                                        \
        (kind), offsetof(struct type, member), (size), offsetof(struct type, has)                            \
    }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define STANDING(lane)                                                                                       \
    MEMBER(user_record, FIELD_TEXT, newest[lane].request_id),                                                \
        MEMBER(user_record, FIELD_TIME, newest[lane].t0_ms),                                                 \
        MEMBER(user_record, FIELD_TIME, newest[lane].admitted_ms),                                           \
        MEMBER(user_record, FIELD_CLASS, newest[lane].actor_class),                                          \
        MAYBE(user_record, FIELD_BYTES, newest[lane].target, TOKEN_RECIPIENT_SIZE, newest[lane].has_target), \
        MEMBER(user_record, FIELD_METHOD, newest[lane].method)

static const struct field user_fields[] = {
    STANDING(LANE_LINK),
    STANDING(LANE_PASSWORD),
    MEMBER(user_record, FIELD_TIME, fence_ms),
    MEMBER(user_record, FIELD_TIMES, times[TIMES_SELF]),
    MEMBER(user_record, FIELD_TIMES, times[TIMES_ADMIN]),
    MEMBER(user_record, FIELD_TIMES, times[TIMES_NOTICE]),
};

static const struct field request_fields[] = {
    MEMBER(request_record, FIELD_STATE, state),
    MEMBER(request_record, FIELD_NUMBER, generation),
    MEMBER(request_record, FIELD_NUMBER, copy),
    MAYBE(request_record, FIELD_BYTES, inc, RECORD_INC_SIZE, has_inc),
    MAYBE(request_record, FIELD_BYTES, owner, RECORD_OWNER_SIZE, has_owner),
    MEMBER(request_record, FIELD_TIME, lease_ms),
    MEMBER(request_record, FIELD_NUMBER, tries),
    MEMBER(request_record, FIELD_NUMBER, lost),
    MEMBER(request_record, FIELD_FLAG, maybe_mailed),
    MEMBER(request_record, FIELD_TEXT, kid),
    MAYBE(request_record, FIELD_STORED, stored, TOKEN_STORED_LENGTH, has_stored),
    MEMBER(request_record, FIELD_TIME, expires_ms),
    MEMBER(request_record, FIELD_TIME, due_ms),
    MAYBE(request_record, FIELD_BYTES, finisher, RECORD_OWNER_SIZE, has_finisher),
    MEMBER(request_record, FIELD_REASON, reason),
    MEMBER(request_record, FIELD_TEXT, into),
    BYTES(request_record, digest, EVENT_DIGEST_SIZE),
    MEMBER(request_record, FIELD_TEXT, slot),
    MEMBER(request_record, FIELD_TEXT, tenant),
    MEMBER(request_record, FIELD_NUMBER, reply_code),
    MEMBER(request_record, FIELD_TEXT, enhanced),
    MAYBE(request_record, FIELD_BYTES, seed, TOKEN_SEED_SIZE, has_seed),
    MEMBER(request_record, FIELD_TIME, begun_ms),
    MEMBER(request_record, FIELD_TIME, changed_ms),
    MEMBER(request_record, FIELD_TIME, redeemed_ms),
    MEMBER(request_record, FIELD_FLAG, rebuilt),
    MEMBER(request_record, FIELD_METHOD, method),
    MEMBER(request_record, FIELD_TIME, made_ms),
    MEMBER(request_record, FIELD_TIME, completed_ms),
    MEMBER(request_record, FIELD_TEXT, completes),
};

static const struct field token_fields[] = {
    MEMBER(token_record, FIELD_TEXT, request_id),
    BYTES(token_record, inc, RECORD_INC_SIZE),
    MEMBER(token_record, FIELD_TIME, expires_ms),
    MEMBER(token_record, FIELD_TEXT, tenant),
    MEMBER(token_record, FIELD_TEXT, user_id),
    MEMBER(token_record, FIELD_METHOD, method),
    BYTES(token_record, recipient, TOKEN_RECIPIENT_SIZE),
    BYTES(token_record, mac, TOKEN_MAC_SIZE),
    MEMBER(token_record, FIELD_TEXT, kid),
    MAYBE(token_record, FIELD_BYTES, claim, RECORD_OWNER_SIZE, claimed),
    MEMBER(token_record, FIELD_TIME, made_ms),
};

static const struct field password_fields[] = {
    MEMBER(password_record, FIELD_TEXT, request_id), BYTES(password_record, inc, RECORD_INC_SIZE),
    MEMBER(password_record, FIELD_TIME, made_ms),    MEMBER(password_record, FIELD_TIME, expires_ms),
    MEMBER(password_record, FIELD_FLAG, opened),     MEMBER(password_record, FIELD_METHOD, method),
    BYTES(password_record, salt, RECORD_SALT_SIZE),  BYTES(password_record, verifier, RECORD_VERIFIER_SIZE),
    MEMBER(password_record, FIELD_TEXT, tenant),     MEMBER(password_record, FIELD_TEXT, user_id),
    MEMBER(password_record, FIELD_TEXT, kid),        BYTES(password_record, mac, RECORD_MAC_SIZE),
};

static const struct field staged_fields[] = {
    MEMBER(staged_record, FIELD_METHOD, method),
    BYTES(staged_record, salt, RECORD_SALT_SIZE),
    BYTES(staged_record, verifier, RECORD_VERIFIER_SIZE),
    MEMBER(staged_record, FIELD_TEXT, tenant),
    MEMBER(staged_record, FIELD_TEXT, user_id),
    MEMBER(staged_record, FIELD_TIME, made_ms),
    MEMBER(staged_record, FIELD_TEXT, kid),
    BYTES(staged_record, mac, RECORD_MAC_SIZE),
};

static const struct field attempts_fields[] = {
    MEMBER(attempts_record, FIELD_NUMBER, count),
    MEMBER(attempts_record, FIELD_TIME, not_before_ms),
};

static const struct field recipient_fields[] = {
    {FIELD_TIMES, 0, 0, FIELD_ALWAYS},
};

enum status user_record_parse(struct text line, struct user_record *record)
{
    return line_parse(user_fields, COUNT(user_fields), line, record, sizeof *record);
}

enum status user_record_format(const struct user_record *record, char *bytes, size_t capacity, size_t *size)
{
    return line_format(user_fields, COUNT(user_fields), record, bytes, capacity, size);
}

/* What is mailed lives a day at most from its making, both by the store's clock; a line that says more is
 * nobody's of ours, and a mail must not promise it. */
static bool outlives_a_day(const struct request_record *record)
{
    static const int64_t day_ms = 24 * 60 * 60 * 1000;
    return method_traits(record->method)->mailed != SECRET_NONE &&
           record->expires_ms - record->made_ms > day_ms;
}

enum status request_record_parse(struct text line, struct request_record *record)
{
    enum status status = line_parse(request_fields, COUNT(request_fields), line, record, sizeof *record);
    return status == STATUS_OK && outlives_a_day(record) ? STATUS_INVALID : status;
}

enum status request_record_format(const struct request_record *record, char *bytes, size_t capacity,
                                  size_t *size)
{
    return line_format(request_fields, COUNT(request_fields), record, bytes, capacity, size);
}

void request_record_copy(const struct request_record *record, struct text line, struct request_record *copy)
{
    *copy = *record;
    line_point_into(request_fields, COUNT(request_fields), line, copy);
}

enum status token_record_parse(struct text line, struct token_record *record)
{
    return line_parse(token_fields, COUNT(token_fields), line, record, sizeof *record);
}

enum status token_record_format(const struct token_record *record, char *bytes, size_t capacity, size_t *size)
{
    return line_format(token_fields, COUNT(token_fields), record, bytes, capacity, size);
}

enum status recipient_record_parse(struct text line, struct record_times *times)
{
    return line_parse(recipient_fields, COUNT(recipient_fields), line, times, sizeof *times);
}

enum status recipient_record_format(const struct record_times *times, char *bytes, size_t capacity,
                                    size_t *size)
{
    return line_format(recipient_fields, COUNT(recipient_fields), times, bytes, capacity, size);
}

enum status password_record_parse(struct text line, struct password_record *record)
{
    return line_parse(password_fields, COUNT(password_fields), line, record, sizeof *record);
}

enum status password_record_format(const struct password_record *record, char *bytes, size_t capacity,
                                   size_t *size)
{
    return line_format(password_fields, COUNT(password_fields), record, bytes, capacity, size);
}

enum status staged_record_parse(struct text line, struct staged_record *record)
{
    return line_parse(staged_fields, COUNT(staged_fields), line, record, sizeof *record);
}

enum status staged_record_format(const struct staged_record *record, char *bytes, size_t capacity,
                                 size_t *size)
{
    return line_format(staged_fields, COUNT(staged_fields), record, bytes, capacity, size);
}

enum status attempts_record_parse(struct text line, struct attempts_record *record)
{
    return line_parse(attempts_fields, COUNT(attempts_fields), line, record, sizeof *record);
}

enum status attempts_record_format(const struct attempts_record *record, char *bytes, size_t capacity,
                                   size_t *size)
{
    return line_format(attempts_fields, COUNT(attempts_fields), record, bytes, capacity, size);
}

enum status number_record_parse(struct text digits, int64_t *number)
{
    return line_number(digits, number) ? STATUS_OK : STATUS_INVALID;
}
