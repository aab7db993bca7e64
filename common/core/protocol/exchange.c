/* Read, decide, swap, and decide again on what a conflict brought.
 *
 * Everything that a decision looked at is compared by the swap, so nothing here needs to know what the
 * decisions mean, and a stale reading costs a round, never a wrong outcome.  The exchange owns copies of all
 * that it read; it ends itself after the one callback.  Requests' records have seeds: what was used of their
 * bytes is wiped, here and wherever it makes place for something else; and so are the copies of the keys. */
#include "core/protocol/exchange.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/protocol/composition.h"
#include "core/uuid.h"

#define ROUNDS_MOST 12

struct exchange *exchange_new(struct reset_store *store, const void *question, reset_store_callback *done,
                              void *context)
{
    struct exchange *exchange = malloc(sizeof *exchange);
    if (!exchange) {
        struct error error;
        struct reset_answer answer = {.error = &error};
        answer.status = error_set(&error, STATUS_MEMORY, "no memory for a question to the store");
        done(context, &answer);
        return NULL;
    }
    exchange->store = store;
    exchange->question = question;
    exchange->done = done;
    exchange->context = context;
    exchange->decide = exchange->finished = NULL;
    exchange->lease = NULL;
    exchange->allow_oom = exchange->settles = exchange->assumed = false;
    exchange->rounds = 0;
    exchange->tells_password = exchange->charges = exchange->password_unreadable = false;
    exchange->written_size = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        exchange->held[i] = (struct held){.key_size = 0};
    store->pending++;
    return exchange;
}

static void end(struct exchange *exchange, const struct reset_answer *answer)
{
    exchange->done(exchange->context, answer);
    exchange->store->pending--;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        held_wipe(&exchange->held[i]);
    sodium_memzero(exchange->written, exchange->written_size);
    sodium_memzero(exchange->records.request.seed, sizeof exchange->records.request.seed);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        sodium_memzero(exchange->records.newest[lane].seed, sizeof exchange->records.newest[lane].seed);
    sodium_memzero(exchange->records.named.seed, sizeof exchange->records.named.seed);
    sodium_memzero(&exchange->token_key, sizeof exchange->token_key);
    sodium_memzero(&exchange->record_key, sizeof exchange->record_key);
    free(exchange);
}

void exchange_fail(struct exchange *exchange, enum status status, const struct error *error)
{
    struct error own;
    if (!error) {
        error_set(&own, status, "the store answered without saying what is wrong");
        error = &own;
    }
    struct reset_answer answer = {.status = status, .error = error};
    end(exchange, &answer);
}

static void fail_memory(struct exchange *exchange)
{
    struct error error;
    error_set(&error, STATUS_MEMORY, "no memory for what the store has");
    exchange_fail(exchange, STATUS_MEMORY, &error);
}

static void fail_unreadable(struct exchange *exchange, enum slot slot)
{
    static const char *const kinds[SLOT_COUNT] = {
        [SLOT_USER] = "user",         [SLOT_REQUEST] = "request",     [SLOT_RECIPIENT] = "recipient",
        [SLOT_TOKEN] = "token",       [SLOT_ACTOR] = "actor",         [SLOT_BORN] = "born",
        [SLOT_NEWEST] = "request",    [SLOT_NEWEST_LAST] = "request", [SLOT_NAMED] = "request",
        [SLOT_PASSWORD] = "password", [SLOT_STAGED] = "staged",       [SLOT_ATTEMPTS] = "attempts",
    };
    struct error error;
    error_set(&error, STATUS_INVALID,
              "a record of the kind \"%s\" cannot be read: another version or another program wrote it",
              kinds[slot]);
    exchange_fail(exchange, STATUS_INVALID, &error);
}

/* Takes over what was read; false when the exchange has ended for it. */
static bool hold_replied(struct exchange *exchange, const struct record_store_reply *reply)
{
    for (size_t i = 0; i < reply->count && i < RECORD_STORE_KEYS_MOST; i++) {
        enum slot slot = exchange->changed[i];
        if (slot == SLOT_COUNT || exchange->held[slot].key_size == 0)
            continue;
        enum status status = held_take(&exchange->held[slot], reply->values[i]);
        bool nothing = reply->values[i].bytes && reply->values[i].size == 0;
        if ((status == STATUS_INVALID || nothing) && slot_only_counts(slot)) {
            exchange->held[slot].present = false;
            exchange->held[slot].garbled = true;
            continue;
        }
        if (status == STATUS_MEMORY)
            fail_memory(exchange);
        else if (status != STATUS_OK)
            fail_unreadable(exchange, slot);
        if (status != STATUS_OK)
            return false;
    }
    exchange->records.now_ms = reply->now_ms;
    exchange->assumed = false;
    return true;
}

static void tell(struct exchange *exchange)
{
    if (exchange->finished)
        exchange->finished(exchange);
    const struct records *records = &exchange->records;
    struct reset_answer answer = {
        .status = STATUS_OK,
        .verdict = exchange->decision.verdict,
        .now_ms = records->now_ms,
        .rest_ms = exchange->decision.rest_ms,
        .request = records->has_request ? &records->request : NULL,
        .token = records->has_token ? &records->token : NULL,
        .password = exchange->tells_password && records->has_password ? &records->password : NULL,
        .password_unreadable = exchange->password_unreadable,
    };
    end(exchange, &answer);
}

static void on_settled(void *context, const struct record_store_reply *reply)
{
    if (reply->status == STATUS_OK)
        tell(context);
    else
        exchange_fail(context, reply->status, reply->error);
}

/* An answer that was found again, and wrote nothing, settles too: what it tells may have been written a
 * moment ago, by somebody whose wait was in vain. */
static void succeed(struct exchange *exchange)
{
    const struct record_store *records = &exchange->store->records;
    if (exchange->settles && exchange->decision.verdict == VERDICT_OK && records->operations->settle)
        records->operations->settle(records->context, on_settled, exchange);
    else
        tell(exchange);
}

static void decide(struct exchange *exchange);

static void on_swap(void *context, const struct record_store_reply *reply)
{
    struct exchange *exchange = context;
    if (reply->status == STATUS_OK) {
        succeed(exchange);
        return;
    }
    if (reply->status != STATUS_CONFLICT) {
        exchange_fail(exchange, reply->status, reply->error);
        return;
    }
    if (exchange->rounds >= ROUNDS_MOST) {
        struct error error;
        error_set(&error, STATUS_CONFLICT, "the same records were changed by others %d times; ask again",
                  ROUNDS_MOST);
        error.retryable = true;
        exchange_fail(exchange, STATUS_CONFLICT, &error);
        return;
    }
    if (hold_replied(exchange, reply))
        decide(exchange);
}

static void read_slots(struct exchange *exchange, size_t first, size_t end);

static void on_read(void *context, const struct record_store_reply *reply)
{
    struct exchange *exchange = context;
    if (reply->status != STATUS_OK) {
        exchange_fail(exchange, reply->status, reply->error);
        return;
    }
    if (hold_replied(exchange, reply))
        decide(exchange);
}

static void read_slots(struct exchange *exchange, size_t first, size_t last)
{
    struct text keys[SLOT_COUNT];
    size_t count = 0;
    for (size_t slot = first; slot <= last; slot++)
        if (exchange->held[slot].key_size > 0) {
            exchange->changed[count] = (enum slot)slot;
            keys[count++] = held_key(&exchange->held[slot]);
        }
    const struct record_store *records = &exchange->store->records;
    records->operations->read(records->context, keys, count, on_read, exchange);
}

/* Where the decision needs more records. */
static bool read_wanted(struct exchange *exchange)
{
    size_t first = exchange->wanted, last = exchange->wanted;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        size_t slot = SLOT_NEWEST + (size_t)lane;
        if (!exchange->decision.wants_newest[lane])
            continue;
        struct text newest = exchange->records.user.newest[lane].request_id;
        if (newest.size != UUID_LENGTH || !exchange_key(exchange, (enum slot)slot, "request:", newest)) {
            fail_unreadable(exchange, SLOT_USER);
            return true;
        }
        first = first < slot ? first : slot;
        last = slot;
    }
    if (exchange->decision.wants_named) {
        exchange_key(exchange, SLOT_NAMED, "request:", exchange->begin.completes);
        first = first < SLOT_NAMED ? first : SLOT_NAMED;
        last = SLOT_NAMED;
    }
    if (first == SLOT_COUNT)
        return false;
    read_slots(exchange, first, last);
    return true;
}

static void decide_on_records(struct exchange *exchange)
{
    exchange->rounds++;
    exchange->wanted = SLOT_COUNT;
    exchange->decide(exchange);
    if (read_wanted(exchange))
        return;
    struct composition composition;
    composition_make(&composition, exchange);
    if (composition.status != STATUS_OK) {
        struct error error;
        error_set(&error, composition.status, "what the request names does not fit into a record");
        exchange_fail(exchange, composition.status, &error);
    } else if (composition.writes) {
        const struct record_store *records = &exchange->store->records;
        records->operations->swap(records->context, composition.changes, composition.count,
                                  exchange->allow_oom, on_swap, exchange);
    } else if (exchange->assumed) {
        read_slots(exchange, 0, SLOT_COUNT - 1);
    } else {
        succeed(exchange);
    }
    composition_wipe(&composition);
}

static void decide(struct exchange *exchange)
{
    enum slot unreadable = exchange_parse(exchange);
    if (unreadable == SLOT_COUNT)
        decide_on_records(exchange);
    else
        fail_unreadable(exchange, unreadable);
}

void exchange_run(struct exchange *exchange)
{
    read_slots(exchange, 0, SLOT_COUNT - 1);
}

void exchange_run_assumed(struct exchange *exchange, const struct request_record *request, struct text line)
{
    struct held *held = &exchange->held[SLOT_REQUEST];
    if (held_take(held, line) != STATUS_OK) {
        fail_memory(exchange);
        return;
    }
    exchange->assumed = true;
    records_forget(&exchange->records);
    exchange->records.has_request = true;
    request_record_copy(request, held_value(held), &exchange->records.request);
    decide_on_records(exchange);
}

bool exchange_name_request(struct exchange *exchange, struct text request_id)
{
    return request_id.size == UUID_LENGTH && exchange_key(exchange, SLOT_REQUEST, "request:", request_id);
}

void exchange_refuse(struct exchange *exchange, const char *what)
{
    struct error error;
    error_set(&error, STATUS_INVALID, "%s is not what a key can be named after", what);
    exchange_fail(exchange, STATUS_INVALID, &error);
}
