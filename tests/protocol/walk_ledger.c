/* Reads and writes one key at a time through the port, so that it works over any store. */
#include "walk_ledger.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

struct seen {
    bool answered, present;
    int64_t now_ms;
    size_t size;
    char bytes[RECORD_STORE_VALUE_MOST];
};

static void on_reply(void *context, const struct record_store_reply *reply)
{
    struct seen *seen = context;
    assert(reply->status == STATUS_OK);
    seen->answered = true;
    seen->now_ms = reply->now_ms;
    if (reply->count == 1 && reply->values[0].bytes) {
        seen->present = true;
        seen->size = reply->values[0].size;
        memcpy(seen->bytes, reply->values[0].bytes, seen->size);
    }
}

static void await(struct ledger *ledger, struct seen *seen)
{
    if (!seen->answered)
        ledger->desk->wait(ledger->desk->wait_context, &seen->answered);
}

static bool look(struct ledger *ledger, const char *key, struct seen *seen)
{
    const struct record_store *port = &ledger->desk->port;
    struct text keys[1] = {text_of(key)};
    *seen = (struct seen){.answered = false};
    port->operations->read(port->context, keys, 1, on_reply, seen);
    await(ledger, seen);
    return seen->present;
}

/* value NULL: deletes. */
static void put(struct ledger *ledger, const char *key, const char *value, size_t size)
{
    const struct record_store *port = &ledger->desk->port;
    struct seen seen = {.answered = false};
    struct record_store_change change = {
        .key = text_of(key),
        .action = value ? RECORD_STORE_SET : RECORD_STORE_DELETE,
        .value = {value, size},
        .expires_at_ms = value ? ledger_now(ledger) + 3600 * 1000 : 0,
    };
    port->operations->swap(port->context, &change, 1, true, on_reply, &seen);
    await(ledger, &seen);
}

static struct text text_seen(const struct seen *seen)
{
    return (struct text){seen->bytes, seen->size};
}

void ledger_open(struct ledger *ledger, struct desk *desk)
{
    char slot[TOKEN_SLOT_LENGTH + 1], mailbox[32];
    unsigned char bytes[TOKEN_MAILBOX_SIZE];
    *ledger = (struct ledger){.desk = desk};
    token_slot(TEXT("acme"), TEXT("u1"), slot);
    snprintf(ledger->user_key, sizeof ledger->user_key, "user:%s", slot);
    token_mailbox(keyring_current(desk->record_keys), TEXT("u1@example.org"), bytes);
    sodium_bin2base64(mailbox, sizeof mailbox, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(ledger->recipient_key, sizeof ledger->recipient_key, "recipient:%s", mailbox);
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

static void key_of_request(unsigned request, char key[64])
{
    char id[DESK_ID_SIZE];
    desk_id(request, id);
    snprintf(key, 64, "request:%s", id);
}

static void key_of_link(const struct walk_link *link, char key[96])
{
    snprintf(key, 96, "token:%s", link->stored);
}

struct text ledger_request(struct ledger *ledger, unsigned request, char bytes[RECORD_STORE_VALUE_MOST])
{
    char key[64];
    struct seen seen;
    key_of_request(request, key);
    if (!look(ledger, key, &seen))
        return (struct text){NULL, 0};
    memcpy(bytes, seen.bytes, seen.size);
    return (struct text){bytes, seen.size};
}

int64_t ledger_now(struct ledger *ledger)
{
    struct seen seen;
    look(ledger, "born", &seen);
    return seen.now_ms;
}

/* The number that desk.c wrote out into an owner, an inc or a claim. */
static unsigned number_of(const unsigned char *bytes)
{
    unsigned number = 0;
    for (size_t i = 1; bytes[i] >= '0' && bytes[i] <= '9'; i++)
        number = number * 10 + (unsigned)(bytes[i] - '0');
    return number;
}

static void print_user(struct ledger *ledger)
{
    struct seen seen;
    struct user_record user;
    if (!look(ledger, ledger->user_key, &seen)) {
        printf("9|");
        return;
    }
    if (user_record_parse(text_seen(&seen), &user) != STATUS_OK)
        printf("unreadable|");
    else if (user.newest[LANE_LINK].request_id.size == DESK_ID_SIZE - 1)
        printf("%c|", user.newest[LANE_LINK].request_id.bytes[DESK_ID_SIZE - 2]);
    else
        printf("7|");
}

static void print_request(struct ledger *ledger, unsigned number)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    struct text line = ledger_request(ledger, number, bytes);
    struct request_record request;
    if (!line.bytes) {
        printf("-|");
        return;
    }
    if (request_record_parse(line, &request) != STATUS_OK) {
        printf("unreadable|");
        return;
    }
    printf("%s,%u,%u,%u,%d,%u,%u,%s,%d|", request_state_name(request.state), request.generation, request.copy,
           request.has_owner ? number_of(request.owner) : 0, request.maybe_mailed, request.tries,
           request.has_inc ? number_of(request.inc) : 0, reason_name(request.reason), request.has_seed);
}

static void print_tokens(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        char key[96];
        struct seen seen;
        struct token_record token;
        key_of_link(&ledger->links[i], key);
        if (!look(ledger, key, &seen))
            continue;
        if (token_record_parse(text_seen(&seen), &token) != STATUS_OK)
            printf("unreadable ");
        else
            printf("%u,%u,%u ", ledger->links[i].request, ledger->links[i].inc,
                   token.claimed ? number_of(token.claim) : 0);
    }
}

void ledger_print(struct ledger *ledger)
{
    print_user(ledger);
    for (unsigned i = 0; i < WALK_REQUESTS; i++)
        print_request(ledger, i);
    print_tokens(ledger);
    printf("\n");
}

void ledger_end_lease(struct ledger *ledger, unsigned number)
{
    char key[64], bytes[RECORD_STORE_VALUE_MOST];
    struct seen seen;
    struct request_record request;
    size_t size = 0;
    key_of_request(number, key);
    if (!look(ledger, key, &seen) || request_record_parse(text_seen(&seen), &request) != STATUS_OK)
        return;
    request.lease_ms = 1;
    if (request_record_format(&request, bytes, sizeof bytes, &size) == STATUS_OK)
        put(ledger, key, bytes, size);
}

void ledger_end_windows(struct ledger *ledger)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    struct seen seen;
    struct user_record user;
    size_t size = 0;
    if (!look(ledger, ledger->user_key, &seen) || user_record_parse(text_seen(&seen), &user) != STATUS_OK)
        return;
    user.newest[LANE_LINK].admitted_ms = 1;
    if (user_record_format(&user, bytes, sizeof bytes, &size) == STATUS_OK)
        put(ledger, ledger->user_key, bytes, size);
}

void ledger_end_claims(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        char key[96];
        struct seen seen;
        struct token_record token;
        key_of_link(&ledger->links[i], key);
        if (look(ledger, key, &seen) && token_record_parse(text_seen(&seen), &token) == STATUS_OK &&
            token.claimed)
            put(ledger, key, NULL, 0);
    }
}

void ledger_lose_all(struct ledger *ledger)
{
    char key[96];
    put(ledger, ledger->user_key, NULL, 0);
    put(ledger, ledger->recipient_key, NULL, 0);
    put(ledger, "born", NULL, 0);
    for (unsigned i = 0; i < WALK_REQUESTS; i++) {
        key_of_request(i, key);
        put(ledger, key, NULL, 0);
    }
    for (size_t i = 0; i < ledger->count; i++) {
        key_of_link(&ledger->links[i], key);
        put(ledger, key, NULL, 0);
    }
}

void ledger_fill_recipient(struct ledger *ledger, bool full)
{
    char bytes[RECORD_STORE_VALUE_MOST];
    size_t size = 0;
    struct record_times times = {.count = RECORD_TIMES_MOST};
    int64_t now = ledger_now(ledger);
    for (size_t i = 0; i < times.count; i++)
        times.at[i] = now, times.weight[i] = 1;
    enum status status = recipient_record_format(&times, bytes, sizeof bytes, &size);
    assert(status == STATUS_OK);
    (void)status;
    put(ledger, ledger->recipient_key, full ? bytes : NULL, full ? size : 0);
}
