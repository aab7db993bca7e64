/* From a decision to the changes of a swap: each record with its key, the bytes that were read, and how long
 * it is kept. */
#include "core/protocol/composition.h"

#include <assert.h>
#include <stdio.h>

#include <sodium.h>

#include "core/protocol/begin.h"

static struct record_store_change *add(struct composition *composition, enum slot slot, struct text key)
{
    assert(composition->count < RECORD_STORE_KEYS_MOST);
    composition->exchange->changed[composition->count] = slot;
    struct record_store_change *change = &composition->changes[composition->count++];
    *change = (struct record_store_change){.key = key, .action = RECORD_STORE_KEEP};
    return change;
}

static enum status format_slot(const struct records *records, enum slot slot, char *bytes, size_t *size)
{
    size_t most = slot == SLOT_REQUEST ? RECORD_REQUEST_MOST : RECORD_STORE_VALUE_MOST;
    switch (slot) {
    case SLOT_USER:
        return user_record_format(&records->user, bytes, most, size);
    case SLOT_REQUEST:
        return request_record_format(&records->request, bytes, most, size);
    case SLOT_NEWEST:
    case SLOT_NEWEST_LAST:
        return request_record_format(&records->newest[slot - SLOT_NEWEST], bytes, most, size);
    case SLOT_RECIPIENT:
        return recipient_record_format(&records->recipient, bytes, most, size);
    case SLOT_NAMED:
        return request_record_format(&records->named, bytes, most, size);
    case SLOT_PASSWORD:
        return password_record_format(&records->password, bytes, most, size);
    case SLOT_STAGED:
        return staged_record_format(&records->staged, bytes, most, size);
    case SLOT_ATTEMPTS:
        return attempts_record_format(&records->attempts, bytes, most, size);
    case SLOT_TOKEN:
        return token_record_format(&records->token, bytes, most, size);
    default:
        return STATUS_INTERNAL;
    }
}

static void add_record(struct composition *composition, enum slot slot, enum record_fate fate,
                       int64_t expires_ms)
{
    struct exchange *exchange = composition->exchange;
    struct held *held = &exchange->held[slot];
    if (fate == FATE_UNTOUCHED)
        return;
    assert(held->key_size > 0);
    struct record_store_change *change = add(composition, slot, held_key(held));
    change->compared = fate != FATE_WRITTEN_BLIND && fate != FATE_DELETED_BLIND && !held->garbled;
    change->expected = held_value(held);
    if (fate == FATE_COMPARED)
        return;
    composition->writes = true;
    if (fate == FATE_DELETED || fate == FATE_DELETED_BLIND) {
        change->action = RECORD_STORE_DELETE;
        return;
    }
    bool kept = slot == SLOT_REQUEST;
    char *bytes = kept ? exchange->written : composition->values[slot];
    size_t *size = kept ? &exchange->written_size : &composition->sizes[slot];
    enum status status = format_slot(&exchange->records, slot, bytes, size);
    if (status != STATUS_OK)
        composition->status = status;
    change->action = RECORD_STORE_SET;
    change->value = (struct text){bytes, *size};
    change->expires_at_ms = expires_ms;
}

static bool is_written(enum record_fate fate)
{
    return fate == FATE_WRITTEN || fate == FATE_WRITTEN_BLIND;
}

/* What is not written may never have been read. */
static void add_password(struct composition *composition)
{
    const struct decision *decision = &composition->exchange->decision;
    const struct records *records = &composition->exchange->records;
    int64_t password_ms = 0, staged_ms = 0, attempts_ms = 0;
    if (is_written(decision->password))
        password_ms = records->password.expires_ms;
    if (is_written(decision->staged))
        staged_ms = records->staged.made_ms + method_traits(records->staged.method)->staged_ms;
    if (is_written(decision->attempts))
        attempts_ms = records->attempts.not_before_ms + DECISION_ATTEMPTS_MS;
    add_record(composition, SLOT_PASSWORD, decision->password, password_ms);
    add_record(composition, SLOT_STAGED, decision->staged, staged_ms);
    add_record(composition, SLOT_ATTEMPTS, decision->attempts, attempts_ms);
}

static void add_recipient(struct composition *composition)
{
    const struct exchange *exchange = composition->exchange;
    enum record_fate fate = exchange->decision.recipient;
    int64_t until_ms =
        is_written(fate) ? exchange->records.now_ms + begin_mailbox_limit(&exchange->begin)->period_ms : 0;
    add_record(composition, SLOT_RECIPIENT, fate, until_ms);
}

static void add_killed(struct composition *composition)
{
    const struct decision *decision = &composition->exchange->decision;
    size_t prefix = sizeof "token:" - 1;
    for (size_t i = 0; i < decision->killed_count; i++) {
        memcpy(composition->killed_keys[i], "token:", prefix);
        memcpy(composition->killed_keys[i] + prefix, decision->killed[i], TOKEN_STORED_LENGTH);
        struct text key = {composition->killed_keys[i], prefix + TOKEN_STORED_LENGTH};
        add(composition, SLOT_COUNT, key)->action = RECORD_STORE_DELETE;
        composition->writes = true;
    }
}

static void add_numbers(struct composition *composition)
{
    struct exchange *exchange = composition->exchange;
    if (exchange->decision.sets_born) {
        struct record_store_change *born = add(composition, SLOT_BORN, held_key(&exchange->held[SLOT_BORN]));
        int size = snprintf(composition->born, sizeof composition->born, "%lld",
                            (long long)exchange->records.born_ms);
        born->compared = !exchange->held[SLOT_BORN].garbled;
        born->expected = held_value(&exchange->held[SLOT_BORN]);
        born->action = RECORD_STORE_SET;
        born->value = (struct text){composition->born, (size_t)size};
        composition->writes = true;
    }
    if (exchange->decision.counts_actor) {
        struct record_store_change *actor =
            add(composition, SLOT_ACTOR, held_key(&exchange->held[SLOT_ACTOR]));
        actor->action = RECORD_STORE_COUNT;
        actor->below = begin_actor_limit(&exchange->begin)->count;
        actor->expires_at_ms = exchange->records.now_ms + begin_actor_limit(&exchange->begin)->period_ms;
        composition->writes = true;
    }
}

void composition_make(struct composition *composition, struct exchange *exchange)
{
    const struct decision *decision = &exchange->decision;
    int64_t now = exchange->records.now_ms, keep = now + RECORD_KEEP_MS;
    composition->exchange = exchange;
    composition->count = 0;
    memset(composition->sizes, 0, sizeof composition->sizes);
    sodium_memzero(exchange->written, exchange->written_size);
    exchange->written_size = 0;
    composition->writes = false;
    composition->status = STATUS_OK;
    if (decision->token == FATE_WRITTEN_BLIND)
        exchange_key(exchange, SLOT_TOKEN,
                     "token:", (struct text){exchange->records.request.stored, TOKEN_STORED_LENGTH});
    bool blind = exchange->held[SLOT_PASSWORD].key_size == 0 && decision->password != FATE_UNTOUCHED;
    if (blind)
        exchange_key(exchange, SLOT_PASSWORD, "password:", text_of(exchange->slot));
    add_record(composition, SLOT_USER, decision->user, keep);
    add_record(composition, SLOT_REQUEST, decision->request, keep);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        add_record(composition, (enum slot)(SLOT_NEWEST + lane), decision->newest[lane], keep);
    add_record(composition, SLOT_NAMED, decision->named, keep);
    add_recipient(composition);
    add_record(composition, SLOT_TOKEN, decision->token, decision->token_until_ms);
    add_password(composition);
    add_killed(composition);
    add_numbers(composition);
    if (decision->token == FATE_WRITTEN_BLIND)
        exchange->held[SLOT_TOKEN].key_size = 0; /* the next round mints again */
    if (blind)
        exchange->held[SLOT_PASSWORD].key_size = 0;
}

void composition_wipe(struct composition *composition)
{
    for (size_t slot = 0; slot < SLOT_COUNT; slot++)
        if (composition->sizes[slot] > 0)
            sodium_memzero(composition->values[slot], composition->sizes[slot]);
}
