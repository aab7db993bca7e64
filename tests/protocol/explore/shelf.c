/* A sorted array: a few dozen keys at most.  The port answers from inside the call.  Where reading and
 * swapping are torn apart, each reading answers what stood there when it was made, and the swap meets what is
 * there now, which is what the comparison in it is for. */
#include "shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void shelf_load(struct shelf *shelf, const struct interning *shelves, uint32_t number)
{
    size_t size;
    const void *bytes = interning_get(shelves, number, &size);
    shelf->count = size / sizeof shelf->entries[0];
    memcpy(shelf->entries, bytes, size);
}

uint32_t shelf_save(const struct shelf *shelf, struct interning *shelves)
{
    return interning_put(shelves, shelf->entries, shelf->count * sizeof shelf->entries[0]);
}

static size_t find(const struct shelf *shelf, uint32_t key)
{
    size_t at = 0;
    while (at < shelf->count && shelf->entries[at].key < key)
        at++;
    return at;
}

struct text shelf_get(const struct shelf *shelf, const struct interning *values, uint32_t key)
{
    size_t size, at = find(shelf, key);
    if (at == shelf->count || shelf->entries[at].key != key)
        return (struct text){NULL, 0};
    const char *bytes = interning_get(values, shelf->entries[at].value, &size);
    return (struct text){bytes, size};
}

void shelf_put(struct shelf *shelf, uint32_t key, uint32_t value, int64_t expires_ms)
{
    size_t at = find(shelf, key);
    if (at == shelf->count || shelf->entries[at].key != key) {
        if (shelf->count == SHELF_MOST) {
            fputs("more keys than a shelf has room for\n", stderr);
            abort();
        }
        memmove(shelf->entries + at + 1, shelf->entries + at, (shelf->count - at) * sizeof shelf->entries[0]);
        shelf->count++;
    }
    shelf->entries[at] = (struct shelf_entry){key, value, expires_ms};
}

static void drop_at(struct shelf *shelf, size_t at)
{
    shelf->count--;
    memmove(shelf->entries + at, shelf->entries + at + 1, (shelf->count - at) * sizeof shelf->entries[0]);
}

void shelf_drop(struct shelf *shelf, uint32_t key)
{
    size_t at = find(shelf, key);
    if (at < shelf->count && shelf->entries[at].key == key)
        drop_at(shelf, at);
}

void shelf_expire(struct shelf *shelf, int64_t now_ms)
{
    for (size_t at = shelf->count; at-- > 0;)
        if (shelf->entries[at].expires_ms != 0 && shelf->entries[at].expires_ms <= now_ms)
            drop_at(shelf, at);
}

static uint32_t number_of(struct counter *counter, struct text key)
{
    return interning_put(counter->keys, key.bytes, key.size);
}

static void on_read(void *context, const struct text *keys, size_t count, record_store_callback *done,
                    void *done_context)
{
    struct counter *counter = context;
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = counter->now_ms, .count = count};
    const struct shelf *shelf = &counter->stored;
    if (counter->torn && !counter->swapped) {
        if (counter->reads >= counter->seen_count) {
            counter->wants_read = true;
            reply.status = STATUS_UNAVAILABLE;
            done(done_context, &reply);
            return;
        }
        shelf = &counter->seen[counter->reads];
    }
    counter->reads++;
    for (size_t i = 0; i < count; i++)
        reply.values[i] = shelf_get(shelf, counter->values, number_of(counter, keys[i]));
    done(done_context, &reply);
}

static int64_t digits(struct text text)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++)
        number = number * 10 + (text.bytes[i] - '0');
    return number;
}

static bool is_as_expected(struct counter *counter, const struct record_store_change *change)
{
    struct text found = shelf_get(&counter->stored, counter->values, number_of(counter, change->key));
    if (change->action == RECORD_STORE_COUNT)
        return change->below == 0 || digits(found) < change->below;
    if (!change->compared)
        return true;
    return (found.bytes == NULL) == (change->expected.bytes == NULL) && text_equal(found, change->expected);
}

static void judge_end(struct counter *counter, const struct record_store_change *change)
{
    int64_t left_ms = change->expires_at_ms - counter->now_ms, day_ms = 24 * 60 * 60 * 1000;
    bool is_token = change->key.size > 6 && memcmp(change->key.bytes, "token:", 6) == 0;
    bool is_born = text_equal(change->key, TEXT("born"));
    if (is_born ? change->expires_at_ms != 0 : left_ms <= 0 || (is_token && left_ms > day_ms))
        counter->wrote_badly = true;
}

static void apply(struct counter *counter, const struct record_store_change *change)
{
    uint32_t key = number_of(counter, change->key);
    size_t at = find(&counter->stored, key);
    bool there = at < counter->stored.count && counter->stored.entries[at].key == key;
    char count[24];
    switch (change->action) {
    case RECORD_STORE_KEEP:
        break;
    case RECORD_STORE_SET:
        judge_end(counter, change);
        shelf_put(&counter->stored, key,
                  interning_put(counter->values, change->value.bytes, change->value.size),
                  change->expires_at_ms);
        break;
    case RECORD_STORE_DELETE:
        shelf_drop(&counter->stored, key);
        break;
    case RECORD_STORE_COUNT: {
        int64_t expires_ms = there ? counter->stored.entries[at].expires_ms : change->expires_at_ms;
        int64_t number = digits(shelf_get(&counter->stored, counter->values, key)) + 1;
        int size = snprintf(count, sizeof count, "%lld", (long long)number);
        shelf_put(&counter->stored, key, interning_put(counter->values, count, (size_t)size), expires_ms);
        break;
    }
    }
}

static void on_swap(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                    record_store_callback *done, void *done_context)
{
    struct counter *counter = context;
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = counter->now_ms, .count = count};
    (void)allow_oom;
    counter->swapped = true;
    for (size_t i = 0; i < count; i++)
        if (!is_as_expected(counter, &changes[i]))
            reply.status = counter->deaf ? STATUS_TIMEOUT : STATUS_CONFLICT;
    if (reply.status == STATUS_OK)
        for (size_t i = 0; i < count; i++)
            apply(counter, &changes[i]);
    for (size_t i = 0; i < count; i++)
        reply.values[i] = shelf_get(&counter->stored, counter->values, number_of(counter, changes[i].key));
    done(done_context, &reply);
}

struct record_store counter_port(struct counter *counter)
{
    static const struct record_store_operations operations = {.read = on_read, .swap = on_swap};
    return (struct record_store){.operations = &operations, .context = counter};
}
