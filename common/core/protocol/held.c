/* What an exchange holds: copies of the values that were read, and the records that they say. */
#include <stdlib.h>

#include <sodium.h>

#include "core/protocol/exchange.h"

void held_wipe(struct held *held)
{
    if (held->bytes)
        sodium_memzero(held->bytes, held->size);
    free(held->bytes);
    held->bytes = NULL;
    held->size = 0;
    held->present = held->garbled = false;
}

bool exchange_key(struct exchange *exchange, enum slot slot, const char *prefix, struct text name)
{
    struct held *held = &exchange->held[slot];
    size_t prefix_size = strlen(prefix);
    if (name.size > TOKEN_STORED_LENGTH || prefix_size + name.size > sizeof held->key)
        return false;
    memcpy(held->key, prefix, prefix_size);
    if (name.size > 0)
        memcpy(held->key + prefix_size, name.bytes, name.size);
    held->key_size = prefix_size + name.size;
    held_wipe(held);
    return true;
}

enum status held_take(struct held *held, struct text value)
{
    held_wipe(held);
    if (value.size > RECORD_STORE_VALUE_MOST)
        return STATUS_INVALID;
    held->present = value.bytes != NULL;
    if (value.size == 0)
        return STATUS_OK;
    held->bytes = malloc(value.size);
    if (!held->bytes)
        return STATUS_MEMORY;
    held->size = value.size;
    memcpy(held->bytes, value.bytes, value.size);
    return STATUS_OK;
}

static bool parse_request(const struct held *held, bool *has, struct request_record *record)
{
    *has = held->key_size > 0 && held->present;
    return !*has || request_record_parse(held_value(held), record) == STATUS_OK;
}

/* A number that cannot be read is none. */
static int64_t parse_number(const struct held *held)
{
    int64_t number;
    if (held->key_size == 0 || !held->present || number_record_parse(held_value(held), &number) != STATUS_OK)
        return 0;
    return number;
}

void records_forget(struct records *records)
{
    records->has_user = records->has_request = records->has_token = false;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        records->has_newest[lane] = records->newest_read[lane] = false;
    records->has_named = records->named_read = false;
    records->has_password = records->has_staged = records->has_attempts = false;
    records->recipient.count = 0;
    for (size_t i = 0; i < USER_TIMES; i++)
        records->user.times[i].count = 0;
    records->actor_requests = records->born_ms = 0;
}

/* The record of the newest request counts only while the user's record names it. */
static void forget_other_newest(struct held *newest, const struct records *records, enum lane lane)
{
    size_t prefix = sizeof "request:" - 1;
    struct text named = records->has_user ? records->user.newest[lane].request_id : (struct text){NULL, 0};
    if (newest->key_size > 0 &&
        !text_equal(named, (struct text){newest->key + prefix, newest->key_size - prefix}))
        newest->key_size = 0;
}

static bool is_present(const struct held *held)
{
    return held->key_size > 0 && held->present;
}

bool slot_only_counts(enum slot slot)
{
    return slot == SLOT_RECIPIENT || slot == SLOT_ACTOR || slot == SLOT_BORN || slot == SLOT_ATTEMPTS;
}

static enum slot parse_password(struct exchange *exchange)
{
    const struct held *held = exchange->held;
    struct records *records = &exchange->records;
    exchange->password_unreadable = false;
    records->has_password = is_present(&held[SLOT_PASSWORD]);
    records->has_staged = is_present(&held[SLOT_STAGED]);
    records->has_attempts = is_present(&held[SLOT_ATTEMPTS]);
    if (records->has_password &&
        password_record_parse(held_value(&held[SLOT_PASSWORD]), &records->password) != STATUS_OK) {
        if (!exchange->charges)
            return SLOT_PASSWORD;
        records->has_password = false;
        exchange->password_unreadable = true;
    }
    if (records->has_staged &&
        staged_record_parse(held_value(&held[SLOT_STAGED]), &records->staged) != STATUS_OK)
        return SLOT_STAGED;
    if (records->has_attempts)
        records->has_attempts =
            attempts_record_parse(held_value(&held[SLOT_ATTEMPTS]), &records->attempts) == STATUS_OK;
    return SLOT_COUNT;
}

/* Texts of the records point into what is held.  Returns the slot at fault, or SLOT_COUNT.
 *
 * What only counts (limits, tries, born) and cannot be read is taken for absent, and written anew: it
 * protects no more than it would if whoever garbled it had deleted it, and one such key must not stop
 * everybody. Anything else that cannot be read ends the question; a try of a password is charged all the
 * same. */
enum slot exchange_parse(struct exchange *exchange)
{
    struct held *held = exchange->held;
    struct records *records = &exchange->records;
    records_forget(records);
    records->has_user = held[SLOT_USER].key_size > 0 && held[SLOT_USER].present;
    records->has_token = held[SLOT_TOKEN].key_size > 0 && held[SLOT_TOKEN].present;
    if (records->has_user && user_record_parse(held_value(&held[SLOT_USER]), &records->user) != STATUS_OK)
        return SLOT_USER;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        struct held *newest = &held[SLOT_NEWEST + lane];
        forget_other_newest(newest, records, lane);
        records->newest_read[lane] = newest->key_size > 0;
        if (!parse_request(newest, &records->has_newest[lane], &records->newest[lane]))
            return (enum slot)(SLOT_NEWEST + lane);
    }
    if (records->has_token && token_record_parse(held_value(&held[SLOT_TOKEN]), &records->token) != STATUS_OK)
        return SLOT_TOKEN;
    records->named_read = held[SLOT_NAMED].key_size > 0;
    if (!parse_request(&held[SLOT_NAMED], &records->has_named, &records->named))
        return SLOT_NAMED;
    if (!parse_request(&held[SLOT_REQUEST], &records->has_request, &records->request))
        return SLOT_REQUEST;
    if (is_present(&held[SLOT_RECIPIENT]) &&
        recipient_record_parse(held_value(&held[SLOT_RECIPIENT]), &records->recipient) != STATUS_OK)
        records->recipient.count = 0;
    records->actor_requests = parse_number(&held[SLOT_ACTOR]);
    records->born_ms = parse_number(&held[SLOT_BORN]);
    return parse_password(exchange);
}
