/* Reads and writes one key at a time through the port, so that it works over any store. */
#include "walk_ledger.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

static void on_reply(void *context, const struct record_store_reply *reply)
{
    struct ledger_seen *seen = context;
    /* what its user may not see is not there for it */
    assert(reply->status == STATUS_OK || reply->status == STATUS_DENIED);
    seen->answered = true;
    seen->now_ms = reply->now_ms;
    if (reply->count == 1 && reply->values[0].bytes) {
        seen->present = true;
        seen->size = reply->values[0].size;
        memcpy(seen->bytes, reply->values[0].bytes, seen->size);
    }
}

static void await(struct ledger *ledger, struct ledger_seen *seen)
{
    if (!seen->answered)
        ledger->desk->wait(ledger->desk->wait_context, &seen->answered);
}

bool ledger_look(struct ledger *ledger, const char *key, struct ledger_seen *seen)
{
    const struct record_store *port = &ledger->desk->port;
    struct text keys[1] = {text_of(key)};
    *seen = (struct ledger_seen){.answered = false};
    port->operations->read(port->context, keys, 1, on_reply, seen);
    await(ledger, seen);
    return seen->present;
}

/* value NULL: deletes. */
void ledger_put(struct ledger *ledger, const char *key, const char *value, size_t size)
{
    const struct record_store *port = &ledger->desk->port;
    struct ledger_seen seen = {.answered = false};
    struct record_store_change change = {
        .key = text_of(key),
        .action = value ? RECORD_STORE_SET : RECORD_STORE_DELETE,
        .value = {value, size},
        .expires_at_ms = value && strcmp(key, "born") != 0 ? ledger_now(ledger) + 3600 * 1000 : 0,
    };
    port->operations->swap(port->context, &change, 1, true, on_reply, &seen);
    await(ledger, &seen);
}

void ledger_open(struct ledger *ledger, struct desk *desk)
{
    char slot[TOKEN_SLOT_LENGTH + 1], budget[32];
    unsigned char bytes[TOKEN_MAILBOX_SIZE];
    const struct text email = TEXT("u1@example.org");
    *ledger = (struct ledger){.desk = desk};
    token_slot(TEXT("acme"), TEXT("u1"), slot);
    snprintf(ledger->user_key, sizeof ledger->user_key, "user:%s", slot);
    snprintf(ledger->password_key, sizeof ledger->password_key, "password:%s", slot);
    snprintf(ledger->attempts_key, sizeof ledger->attempts_key, "attempts:%s", slot);
    const struct {
        struct text whose, tenant;
    } budgets[WALK_BUDGETS] = {
        {TEXT("self"), TEXT("")}, {TEXT("admin"), TEXT("acme")}, {TEXT("notice"), TEXT("acme")}};
    for (size_t i = 0; i < WALK_BUDGETS; i++) {
        token_budget(keyring_current(desk->record_keys), budgets[i].whose, budgets[i].tenant, email, bytes);
        sodium_bin2base64(budget, sizeof budget, bytes, sizeof bytes,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        snprintf(ledger->recipient_keys[i], sizeof ledger->recipient_keys[i], "recipient:%s", budget);
    }
}

void ledger_note(struct ledger *ledger, unsigned request, unsigned inc, const char *stored)
{
    if (ledger_find(ledger, request, inc))
        return;
    assert(ledger->count < WALK_LINKS_MOST);
    struct walk_link *link = &ledger->links[ledger->count++];
    link->request = request;
    link->inc = inc;
    memcpy(link->stored, stored, sizeof link->stored);
}

const struct walk_link *ledger_find(const struct ledger *ledger, unsigned request, unsigned inc)
{
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->links[i].request == request && ledger->links[i].inc == inc)
            return &ledger->links[i];
    return NULL;
}

void ledger_request_key(unsigned request, char key[64])
{
    char id[DESK_ID_SIZE];
    desk_id(request, id);
    snprintf(key, 64, "request:%s", id);
}

void ledger_staged_key(unsigned request, char key[64])
{
    char id[DESK_ID_SIZE];
    desk_id(request, id);
    snprintf(key, 64, "staged:%s", id);
}

void ledger_link_key(const struct walk_link *link, char key[96])
{
    snprintf(key, 96, "token:%s", link->stored);
}

struct text ledger_request(struct ledger *ledger, unsigned request, char bytes[RECORD_STORE_VALUE_MOST])
{
    char key[64];
    struct ledger_seen seen;
    ledger_request_key(request, key);
    if (!ledger_look(ledger, key, &seen))
        return (struct text){NULL, 0};
    memcpy(bytes, seen.bytes, seen.size);
    return (struct text){bytes, seen.size};
}

int64_t ledger_now(struct ledger *ledger)
{
    struct ledger_seen seen;
    ledger_look(ledger, "born", &seen);
    return seen.now_ms;
}

void ledger_end_lease(struct ledger *ledger, unsigned number)
{
    char key[64], bytes[RECORD_STORE_VALUE_MOST];
    struct ledger_seen seen;
    struct request_record request;
    size_t size = 0;
    ledger_request_key(number, key);
    if (!ledger_look(ledger, key, &seen) || request_record_parse(ledger_text(&seen), &request) != STATUS_OK)
        return;
    request.lease_ms = 1;
    if (request_record_format(&request, bytes, sizeof bytes, &size) == STATUS_OK)
        ledger_put(ledger, key, bytes, size);
}

/* The user's record is changed and put back; where there is none, an empty one is. */
static void read_user(struct ledger *ledger, struct ledger_seen *seen, struct user_record *user)
{
    if (!ledger_look(ledger, ledger->user_key, seen) ||
        user_record_parse(ledger_text(seen), user) != STATUS_OK)
        *user = (struct user_record){.fence_ms = 0};
}

static void write_user(struct ledger *ledger, const struct user_record *user)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size = 0;
    enum status status = user_record_format(user, bytes, sizeof bytes, &size);
    assert(status == STATUS_OK);
    (void)status;
    ledger_put(ledger, ledger->user_key, bytes, size);
}

void ledger_end_windows(struct ledger *ledger)
{
    struct ledger_seen seen;
    struct user_record user;
    read_user(ledger, &seen, &user);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        user.newest[lane].admitted_ms = 1;
    write_user(ledger, &user);
}

void ledger_set_fence(struct ledger *ledger, unsigned request)
{
    struct ledger_seen seen;
    struct user_record user;
    read_user(ledger, &seen, &user);
    user.fence_ms = ledger_t0(ledger, request);
    write_user(ledger, &user);
}

void ledger_end_claims(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        char key[96];
        struct ledger_seen seen;
        struct token_record token;
        ledger_link_key(&ledger->links[i], key);
        if (ledger_look(ledger, key, &seen) && token_record_parse(ledger_text(&seen), &token) == STATUS_OK &&
            token.claimed)
            ledger_put(ledger, key, NULL, 0);
    }
}

void ledger_end_delay(struct ledger *ledger)
{
    ledger_put(ledger, ledger->attempts_key, NULL, 0);
}

void ledger_prolong_delay(struct ledger *ledger)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size = 0;
    struct attempts_record attempts = {.count = 1, .not_before_ms = ledger_now(ledger) + 59 * 1000};
    if (attempts_record_format(&attempts, bytes, sizeof bytes, &size) == STATUS_OK)
        ledger_put(ledger, ledger->attempts_key, bytes, size);
}

void ledger_set_born(struct ledger *ledger, int64_t born_ms)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%lld", (long long)born_ms);
    ledger_put(ledger, "born", digits, (size_t)size);
}

int64_t ledger_t0(const struct ledger *ledger, unsigned request)
{
    return ledger->origin_ms + (int64_t)request * WALK_APART_MS;
}

void ledger_lose_all(struct ledger *ledger)
{
    char key[96];
    const char *const keys[] = {ledger->user_key, ledger->password_key, ledger->attempts_key, "born"};
    for (size_t i = 0; i < WALK_BUDGETS; i++)
        ledger_put(ledger, ledger->recipient_keys[i], NULL, 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ledger_put(ledger, keys[i], NULL, 0);
    for (unsigned i = 0; i < WALK_REQUESTS; i++) {
        ledger_request_key(i, key);
        ledger_put(ledger, key, NULL, 0);
        ledger_staged_key(i, key);
        ledger_put(ledger, key, NULL, 0);
    }
    for (size_t i = 0; i < ledger->count; i++) {
        ledger_link_key(&ledger->links[i], key);
        ledger_put(ledger, key, NULL, 0);
    }
}

static void fill_notices(struct ledger *ledger, const struct record_times *times)
{
    struct ledger_seen seen;
    struct user_record user;
    read_user(ledger, &seen, &user);
    user.times[TIMES_NOTICE] = *times;
    write_user(ledger, &user);
}

void ledger_fill(struct ledger *ledger, bool notices, bool full)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size = 0;
    struct record_times times = {.count = full ? RECORD_TIMES_MOST : 0};
    int64_t now = ledger_now(ledger);
    for (size_t i = 0; i < times.count; i++)
        times.at[i] = now, times.weight[i] = 1;
    if (notices) {
        fill_notices(ledger, &times);
        return;
    }
    enum status status = recipient_record_format(&times, bytes, sizeof bytes, &size);
    assert(status == STATUS_OK);
    (void)status;
    for (size_t i = 0; i < WALK_NOTICES; i++)
        ledger_put(ledger, ledger->recipient_keys[i], full ? bytes : NULL, full ? size : 0);
}
