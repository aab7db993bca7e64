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

static const struct field user_fields[] = {
    MEMBER(user_record, FIELD_TEXT, request_id),
    MEMBER(user_record, FIELD_TIME, t0_ms),
    MEMBER(user_record, FIELD_TIME, admitted_ms),
    MEMBER(user_record, FIELD_CLASS, actor_class),
    MAYBE(user_record, FIELD_BYTES, target, TOKEN_RECIPIENT_SIZE, has_target),
    MEMBER(user_record, FIELD_METHOD, method),
    MEMBER(user_record, FIELD_TIME, fence_ms),
    MEMBER(user_record, FIELD_TIMES, times[ACTOR_SELF]),
    MEMBER(user_record, FIELD_TIMES, times[ACTOR_ADMIN]),
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

enum status request_record_parse(struct text line, struct request_record *record)
{
    return line_parse(request_fields, COUNT(request_fields), line, record, sizeof *record);
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

enum status number_record_parse(struct text digits, int64_t *number)
{
    return line_number(digits, number) ? STATUS_OK : STATUS_INVALID;
}
