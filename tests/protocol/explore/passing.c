/* Time, and what befalls the store, as changes of its records: a lease that ends is a lease whose end is
 * moved to before now, so that the clock itself need not go on and states stay few. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

static uint32_t key_of(struct clerk *clerk, const char *prefix, const char *name)
{
    char key[RECORD_STORE_KEY_MOST + 1];
    int size = snprintf(key, sizeof key, "%s%s", prefix, name);
    return interning_put(&clerk->keys, key, (size_t)size);
}

static struct shelf_entry *entry_of(struct shelf *shelf, uint32_t key)
{
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->entries[i].key == key)
            return &shelf->entries[i];
    return NULL;
}

static void rewrite_request(struct clerk *clerk, struct shelf_entry *entry,
                            const struct request_record *record)
{
    char line[RECORD_STORE_VALUE_MOST];
    size_t size;
    if (request_record_format(record, line, sizeof line, &size) != STATUS_OK)
        abort();
    entry->value = interning_put(&clerk->values, line, size);
}

static bool parse_request(struct clerk *clerk, const struct shelf_entry *entry, struct request_record *record)
{
    size_t size;
    const char *bytes = interning_get(&clerk->values, entry->value, &size);
    return request_record_parse((struct text){bytes, size}, record) == STATUS_OK;
}

static uint32_t end_lease(struct clerk *clerk, uint32_t number, unsigned request, uint16_t minutes)
{
    struct shelf shelf;
    struct request_record record;
    shelf_load(&shelf, &clerk->shelves, number);
    struct shelf_entry *entry = entry_of(&shelf, key_of(clerk, "request:", clerk->ids[request]));
    if (!entry || !parse_request(clerk, entry, &record))
        return number;
    record.lease_ms = clerk_now(minutes) - 1;
    rewrite_request(clerk, entry, &record);
    return shelf_save(&shelf, &clerk->shelves);
}

static uint32_t change_users(struct clerk *clerk, uint32_t number, uint16_t minutes,
                             void (*change)(struct user_record *record, int64_t now_ms))
{
    struct shelf shelf;
    char line[RECORD_STORE_VALUE_MOST];
    shelf_load(&shelf, &clerk->shelves, number);
    for (unsigned user = 0; user < USERS_MOST && clerk->slots[user][0]; user++) {
        size_t size;
        struct user_record record;
        struct shelf_entry *entry = entry_of(&shelf, key_of(clerk, "user:", clerk->slots[user]));
        if (!entry)
            continue;
        const char *bytes = interning_get(&clerk->values, entry->value, &size);
        if (user_record_parse((struct text){bytes, size}, &record) != STATUS_OK)
            continue;
        change(&record, clerk_now(minutes));
        if (user_record_format(&record, line, sizeof line, &size) != STATUS_OK)
            abort();
        entry->value = interning_put(&clerk->values, line, size);
    }
    return shelf_save(&shelf, &clerk->shelves);
}

/* First the coalescing, an hour in a search; then, an hour later, the time of grace of an administrator. */
static void end_window(struct user_record *record, int64_t now_ms)
{
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        struct standing *standing = &record->newest[lane];
        bool again = standing->actor_class == ACTOR_ADMIN && now_ms < standing->admitted_ms + 60 * MINUTE_MS;
        if (standing->admitted_ms > 0)
            standing->admitted_ms = now_ms - (again ? 90 : 180) * MINUTE_MS;
    }
}

static uint32_t end_windows(struct clerk *clerk, uint32_t number, unsigned unused, uint16_t minutes)
{
    (void)unused;
    return change_users(clerk, number, minutes, end_window);
}

static void forget_times(struct user_record *record, int64_t now_ms)
{
    (void)now_ms;
    for (size_t i = 0; i < USER_TIMES; i++)
        record->times[i].count = 0;
}

static bool is_kind(const struct clerk *clerk, const struct shelf_entry *entry, const char *prefix)
{
    size_t size, length = strlen(prefix);
    const char *key = interning_get(&clerk->keys, entry->key, &size);
    return size > length && memcmp(key, prefix, length) == 0;
}

static uint32_t end_periods(struct clerk *clerk, uint32_t number, unsigned unused, uint16_t minutes)
{
    struct shelf shelf;
    (void)unused;
    shelf_load(&shelf, &clerk->shelves, change_users(clerk, number, minutes, forget_times));
    for (size_t i = shelf.count; i-- > 0;)
        if (is_kind(clerk, &shelf.entries[i], "recipient:") || is_kind(clerk, &shelf.entries[i], "actor:") ||
            is_kind(clerk, &shelf.entries[i], "bulk:"))
            shelf_drop(&shelf, shelf.entries[i].key);
    return shelf_save(&shelf, &clerk->shelves);
}

static uint32_t end_claims(struct clerk *clerk, uint32_t number, unsigned unused, uint16_t minutes)
{
    struct shelf shelf;
    (void)unused, (void)minutes;
    shelf_load(&shelf, &clerk->shelves, number);
    for (size_t i = shelf.count; i-- > 0;) {
        size_t size;
        struct token_record token;
        if (!is_kind(clerk, &shelf.entries[i], "token:"))
            continue;
        const char *bytes = interning_get(&clerk->values, shelf.entries[i].value, &size);
        if (token_record_parse((struct text){bytes, size}, &token) == STATUS_OK && token.claimed)
            shelf_drop(&shelf, shelf.entries[i].key);
    }
    return shelf_save(&shelf, &clerk->shelves);
}

static uint32_t end_delay(struct clerk *clerk, uint32_t number, unsigned user, uint16_t minutes)
{
    struct shelf shelf;
    char line[64];
    size_t size;
    shelf_load(&shelf, &clerk->shelves, number);
    struct shelf_entry *entry = entry_of(&shelf, key_of(clerk, "attempts:", clerk->slots[user]));
    struct attempts_record attempts = {.count = 1, .not_before_ms = clerk_now(minutes) - 1};
    if (!entry || attempts_record_format(&attempts, line, sizeof line, &size) != STATUS_OK)
        return number;
    entry->value = interning_put(&clerk->values, line, size);
    entry->expires_ms = clerk_now(minutes) + DECISION_ATTEMPTS_MS;
    return shelf_save(&shelf, &clerk->shelves);
}

static uint32_t expire(struct clerk *clerk, uint32_t number, unsigned unused, uint16_t minutes)
{
    struct shelf shelf;
    (void)unused;
    shelf_load(&shelf, &clerk->shelves, number);
    shelf_expire(&shelf, clerk_now(minutes));
    return shelf_save(&shelf, &clerk->shelves);
}

/* Empty, but for when it was first seen: a worker notes that whenever it connects. */
uint32_t pass_loss(struct clerk *clerk, uint16_t minutes, bool first)
{
    char digits[24];
    int64_t born_ms = first ? clerk_t0(0, false) - 1000 : clerk_now(minutes) - 61 * MINUTE_MS;
    struct shelf shelf = {.count = 0};
    int size = snprintf(digits, sizeof digits, "%lld", (long long)born_ms);
    shelf_put(&shelf, key_of(clerk, "born", ""), interning_put(&clerk->values, digits, (size_t)size), 0);
    return shelf_save(&shelf, &clerk->shelves);
}

static uint32_t end_owner(struct clerk *clerk, uint32_t number, unsigned owner, uint16_t minutes)
{
    struct shelf shelf;
    (void)minutes;
    bool changed = false;
    shelf_load(&shelf, &clerk->shelves, number);
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        struct request_record record;
        struct shelf_entry *entry = entry_of(&shelf, key_of(clerk, "request:", clerk->ids[request]));
        if (!entry || !parse_request(clerk, entry, &record))
            continue;
        bool owned = record.has_owner && clerk_number(record.owner) == owner;
        bool finished = record.has_finisher && clerk_number(record.finisher) == owner;
        if (owned)
            clerk_mark(record.owner, sizeof record.owner, 'o', 0, OWNER_GONE);
        if (finished)
            record.has_finisher = false;
        if (!owned && !finished)
            continue;
        rewrite_request(clerk, entry, &record);
        changed = true;
    }
    return changed ? shelf_save(&shelf, &clerk->shelves) : number;
}

uint32_t pass(struct clerk *clerk, enum passing passing, uint32_t shelf, unsigned whose, uint16_t minutes)
{
    static uint32_t (*const passings[])(struct clerk * clerk, uint32_t shelf, unsigned whose,
                                        uint16_t minutes) = {
        [PASS_LEASE] = end_lease, [PASS_WINDOWS] = end_windows, [PASS_CLAIMS] = end_claims,
        [PASS_DELAY] = end_delay, [PASS_PERIODS] = end_periods, [PASS_TIME] = expire,
        [PASS_OWNER] = end_owner,
    };
    const struct {
        uint32_t shelf;
        uint16_t minutes;
        uint8_t passing, whose;
    } asked = {shelf, minutes, (uint8_t)passing, (uint8_t)whose};
    size_t known = clerk->passed_asked.count;
    uint32_t number = interning_put(&clerk->passed_asked, &asked, sizeof asked);
    if (number < known)
        return ((uint32_t *)(void *)clerk->passed.bytes)[number];
    uint32_t after = passings[passing](clerk, shelf, whose, minutes);
    *(uint32_t *)room_take(&clerk->passed, sizeof after) = after;
    return after;
}
