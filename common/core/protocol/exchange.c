/* Read, decide, swap, and decide again on what a conflict brought.
 *
 * Everything that a decision looked at is compared by the swap, so nothing here needs to know what the
 * decisions mean, and a stale reading costs a round, never a wrong outcome.  The exchange owns copies of all
 * that it read; it ends itself after the one callback.  Requests' records have seeds: what was used of their
 * bytes is wiped, here and wherever it makes place for something else; and so are the copies of the keys. */
#include "core/protocol/exchange.h"

#include <assert.h>
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
    exchange->allow_oom = exchange->assumed = false;
    exchange->rounds = 0;
    exchange->tells_password = false;
    exchange->written_size = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        exchange->held[i].key_size = exchange->held[i].size = 0;
    store->pending++;
    return exchange;
}

static void wipe_held(struct held *held)
{
    sodium_memzero(held->bytes, held->size);
    held->size = 0;
    held->present = false;
}

static void end(struct exchange *exchange, const struct reset_answer *answer)
{
    exchange->done(exchange->context, answer);
    exchange->store->pending--;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        wipe_held(&exchange->held[i]);
    sodium_memzero(exchange->written, exchange->written_size);
    sodium_memzero(exchange->records.request.seed, sizeof exchange->records.request.seed);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        sodium_memzero(exchange->records.newest[lane].seed, sizeof exchange->records.newest[lane].seed);
    sodium_memzero(exchange->records.named.seed, sizeof exchange->records.named.seed);
    sodium_memzero(&exchange->token_key, sizeof exchange->token_key);
    sodium_memzero(&exchange->record_key, sizeof exchange->record_key);
    sodium_memzero(&exchange->staged_key, sizeof exchange->staged_key);
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
    wipe_held(held);
    return true;
}

static bool hold(struct held *held, struct text value)
{
    if (value.size > sizeof held->bytes)
        return false;
    wipe_held(held);
    held->present = value.bytes != NULL;
    held->size = value.size;
    if (value.size > 0)
        memcpy(held->bytes, value.bytes, value.size);
    return true;
}

static bool parse_request(const struct held *held, bool *has, struct request_record *record)
{
    *has = held->key_size > 0 && held->present;
    return !*has || request_record_parse(held_value(held), record) == STATUS_OK;
}

static bool parse_number(const struct held *held, int64_t *number)
{
    *number = 0;
    return held->key_size == 0 || !held->present ||
           number_record_parse(held_value(held), number) == STATUS_OK;
}

static void forget_records(struct records *records)
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

static enum slot parse_password(const struct held *held, struct records *records)
{
    records->has_password = is_present(&held[SLOT_PASSWORD]);
    records->has_staged = is_present(&held[SLOT_STAGED]);
    records->has_attempts = is_present(&held[SLOT_ATTEMPTS]);
    if (records->has_password &&
        password_record_parse(held_value(&held[SLOT_PASSWORD]), &records->password) != STATUS_OK)
        return SLOT_PASSWORD;
    if (records->has_staged &&
        staged_record_parse(held_value(&held[SLOT_STAGED]), &records->staged) != STATUS_OK)
        return SLOT_STAGED;
    if (records->has_attempts &&
        attempts_record_parse(held_value(&held[SLOT_ATTEMPTS]), &records->attempts) != STATUS_OK)
        return SLOT_ATTEMPTS;
    return SLOT_COUNT;
}

/* Texts of the records point into what is held.  Returns the slot at fault, or SLOT_COUNT. */
static enum slot parse_records(struct exchange *exchange)
{
    struct held *held = exchange->held;
    struct records *records = &exchange->records;
    forget_records(records);
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
    if (held[SLOT_RECIPIENT].key_size > 0 && held[SLOT_RECIPIENT].present &&
        recipient_record_parse(held_value(&held[SLOT_RECIPIENT]), &records->recipient) != STATUS_OK)
        return SLOT_RECIPIENT;
    enum slot password = parse_password(held, records);
    if (password != SLOT_COUNT)
        return password;
    if (!parse_number(&held[SLOT_ACTOR], &records->actor_requests))
        return SLOT_ACTOR;
    if (!parse_number(&held[SLOT_BORN], &records->born_ms))
        return SLOT_BORN;
    return SLOT_COUNT;
}

static void succeed(struct exchange *exchange)
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
    };
    end(exchange, &answer);
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
    for (size_t i = 0; i < reply->count && i < RECORD_STORE_KEYS_MOST; i++) {
        enum slot slot = exchange->changed[i];
        if (slot == SLOT_COUNT || exchange->held[slot].key_size == 0)
            continue;
        if (!hold(&exchange->held[slot], reply->values[i])) {
            fail_unreadable(exchange, slot);
            return;
        }
    }
    exchange->records.now_ms = reply->now_ms;
    exchange->assumed = false;
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
    for (size_t i = 0; i < reply->count && i < RECORD_STORE_KEYS_MOST; i++)
        if (!hold(&exchange->held[exchange->changed[i]], reply->values[i])) {
            fail_unreadable(exchange, exchange->changed[i]);
            return;
        }
    exchange->records.now_ms = reply->now_ms;
    exchange->assumed = false;
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
        struct text newest = exchange->records.user.newest[lane].request_id;
        if (!exchange->decision.wants_newest[lane])
            continue;
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
    enum slot unreadable = parse_records(exchange);
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
    bool fits = hold(held, line);
    assert(fits);
    (void)fits;
    exchange->assumed = true;
    forget_records(&exchange->records);
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
