/* An array of keys, searched from the front: the walks keep some dozens.  A call that waits is a copy of its
 * arguments, so that a test may serve two exchanges' calls in any order, as two clients of one Redis would
 * be. */
#include "support/memory_store.h"

#include "support/failing_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    char *key, *value;
    size_t key_size, value_size;
    int64_t expires_at_ms;
};

struct call {
    bool is_swap, allow_oom;
    size_t count;
    struct record_store_change changes[RECORD_STORE_KEYS_MOST]; /* owned copies; a read uses only the keys */
    record_store_callback *done;
    void *context;
};

struct memory_store {
    struct entry *entries;
    size_t count, capacity;
    struct call *calls;
    size_t waiting, calls_capacity;
    int64_t now_ms;
    bool deferred, full;
    enum memory_fault fault;
    unsigned fault_in;
    size_t reads, swaps;
};

static char *copy(const char *bytes, size_t size)
{
    memory_spared++;
    char *copied = malloc(size + 1);
    memory_spared--;
    assert(copied);
    if (size > 0)
        memcpy(copied, bytes, size);
    copied[size] = '\0';
    return copied;
}

static struct text copy_text(struct text text)
{
    return text.bytes ? (struct text){copy(text.bytes, text.size), text.size} : text;
}

struct memory_store *memory_store_new(void)
{
    struct memory_store *store = calloc(1, sizeof *store);
    assert(store);
    store->now_ms = 1800000000000;
    return store;
}

static void drop(struct memory_store *store, size_t index)
{
    free(store->entries[index].key);
    free(store->entries[index].value);
    memmove(store->entries + index, store->entries + index + 1,
            (store->count - index - 1) * sizeof *store->entries);
    store->count--;
}

void memory_store_empty(struct memory_store *store)
{
    while (store->count > 0)
        drop(store, store->count - 1);
}

static void release(struct call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        free((char *)call->changes[i].key.bytes);
        free((char *)call->changes[i].expected.bytes);
        free((char *)call->changes[i].value.bytes);
    }
}

void memory_store_free(struct memory_store **store)
{
    if (!*store)
        return;
    memory_store_empty(*store);
    for (size_t i = 0; i < (*store)->waiting; i++)
        release(&(*store)->calls[i]);
    free((*store)->entries);
    free((*store)->calls);
    free(*store);
    *store = NULL;
}

void memory_store_set_time(struct memory_store *store, int64_t now_ms)
{
    store->now_ms = now_ms;
}

int64_t memory_store_time(const struct memory_store *store)
{
    return store->now_ms;
}

void memory_store_fail(struct memory_store *store, enum memory_fault fault, unsigned nth)
{
    store->fault = fault;
    store->fault_in = nth;
}

void memory_store_set_full(struct memory_store *store, bool full)
{
    store->full = full;
}

void memory_store_defer(struct memory_store *store, bool defer)
{
    store->deferred = defer;
}

size_t memory_store_waiting(const struct memory_store *store)
{
    return store->waiting;
}

static void expire(struct memory_store *store)
{
    for (size_t i = store->count; i-- > 0;)
        if (store->entries[i].expires_at_ms != 0 && store->entries[i].expires_at_ms <= store->now_ms)
            drop(store, i);
}

static struct entry *find(struct memory_store *store, struct text key)
{
    expire(store);
    for (size_t i = 0; i < store->count; i++)
        if (text_equal((struct text){store->entries[i].key, store->entries[i].key_size}, key))
            return &store->entries[i];
    return NULL;
}

struct text memory_store_get(struct memory_store *store, struct text key)
{
    const struct entry *entry = find(store, key);
    return entry ? (struct text){entry->value, entry->value_size} : (struct text){NULL, 0};
}

void memory_store_put(struct memory_store *store, struct text key, struct text value, int64_t expires_at_ms)
{
    struct entry *entry = find(store, key);
    if (!entry) {
        if (store->count == store->capacity) {
            store->capacity = store->capacity ? store->capacity * 2 : 16;
            memory_spared++;
            store->entries = realloc(store->entries, store->capacity * sizeof *store->entries);
            memory_spared--;
            assert(store->entries);
        }
        entry = &store->entries[store->count++];
        *entry = (struct entry){.key = copy(key.bytes, key.size), .key_size = key.size};
    }
    free(entry->value);
    entry->value = copy(value.bytes, value.size);
    entry->value_size = value.size;
    entry->expires_at_ms = expires_at_ms;
}

void memory_store_remove(struct memory_store *store, struct text key)
{
    struct entry *entry = find(store, key);
    if (entry)
        drop(store, (size_t)(entry - store->entries));
}

bool memory_store_at(struct memory_store *store, size_t index, struct memory_entry *entry)
{
    expire(store);
    if (index >= store->count)
        return false;
    const struct entry *found = &store->entries[index];
    *entry = (struct memory_entry){.key = {found->key, found->key_size},
                                   .value = {found->value, found->value_size},
                                   .expires_at_ms = found->expires_at_ms};
    return true;
}

size_t memory_store_reads(const struct memory_store *store)
{
    return store->reads;
}

size_t memory_store_swaps(const struct memory_store *store)
{
    return store->swaps;
}

/* As io/swap.lua: what is no count is none. */
static long long count_of(struct text value)
{
    if (value.size == 0 || value.size > 15 || value.bytes[0] == '0')
        return 0;
    for (size_t i = 0; i < value.size; i++)
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return 0;
    return strtoll(value.bytes, NULL, 10);
}

static void count_one(struct memory_store *store, const struct record_store_change *change)
{
    const struct entry *counter = find(store, change->key);
    long long number = counter ? count_of((struct text){counter->value, counter->value_size}) : 0;
    int64_t expires = number > 0 ? counter->expires_at_ms : change->expires_at_ms;
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%lld", number + 1);
    memory_store_put(store, change->key, (struct text){digits, (size_t)size}, expires);
}

static void apply(struct memory_store *store, const struct record_store_change *change)
{
    switch (change->action) {
    case RECORD_STORE_KEEP:
        break;
    case RECORD_STORE_SET:
        memory_store_put(store, change->key, change->value, change->expires_at_ms);
        break;
    case RECORD_STORE_DELETE:
        memory_store_remove(store, change->key);
        break;
    case RECORD_STORE_COUNT:
        count_one(store, change);
        break;
    }
}

static bool is_expected(struct memory_store *store, const struct record_store_change *change)
{
    struct text value = memory_store_get(store, change->key);
    if (change->action == RECORD_STORE_COUNT && change->below > 0)
        return count_of(value) < (long long)change->below;
    if (!change->compared)
        return true;
    if (!change->expected.bytes || !value.bytes)
        return !change->expected.bytes && !value.bytes;
    return text_equal(change->expected, value);
}

/* The fault that strikes this call, if any. */
static enum memory_fault strike(struct memory_store *store, bool is_swap)
{
    if (store->fault == MEMORY_FAULT_NONE || (!is_swap && store->fault != MEMORY_FAULT_UNAVAILABLE))
        return MEMORY_FAULT_NONE;
    if (--store->fault_in > 0)
        return MEMORY_FAULT_NONE;
    enum memory_fault fault = store->fault;
    store->fault = MEMORY_FAULT_NONE;
    return fault;
}

static enum status swap_now(struct memory_store *store, const struct call *call)
{
    if (store->full && !call->allow_oom)
        return STATUS_FULL;
    for (size_t i = 0; i < call->count; i++)
        if (!is_expected(store, &call->changes[i]))
            return STATUS_CONFLICT;
    for (size_t i = 0; i < call->count; i++)
        apply(store, &call->changes[i]);
    return STATUS_OK;
}

static void run(struct memory_store *store, struct call *call)
{
    struct record_store_reply reply = {.status = STATUS_OK, .now_ms = store->now_ms};
    struct error error;
    enum memory_fault fault = strike(store, call->is_swap);
    if (fault == MEMORY_FAULT_UNAVAILABLE)
        reply.status = error_set(&error, STATUS_UNAVAILABLE, "the store in memory is made unavailable");
    else if (fault == MEMORY_FAULT_LOST_BEFORE)
        reply.status = error_set(&error, STATUS_TIMEOUT, "the store in memory loses this call");
    else if (fault == MEMORY_FAULT_CONFLICT)
        reply.status = STATUS_CONFLICT;
    else if (call->is_swap)
        reply.status = swap_now(store, call);
    if (fault == MEMORY_FAULT_LOST_AFTER)
        reply.status = error_set(&error, STATUS_TIMEOUT, "the store in memory loses this answer");
    if (reply.status == STATUS_FULL)
        error_set(&error, STATUS_FULL, "the store in memory is full");
    if (reply.status != STATUS_OK && reply.status != STATUS_CONFLICT)
        reply.error = &error;
    else if (!call->is_swap || reply.status == STATUS_CONFLICT)
        for (reply.count = 0; reply.count < call->count; reply.count++) {
            /* a copy, so that a callback that goes on asking cannot pull it away */
            reply.values[reply.count] = copy_text(memory_store_get(store, call->changes[reply.count].key));
        }
    call->done(call->context, &reply);
    for (size_t i = 0; i < reply.count; i++)
        free((char *)reply.values[i].bytes);
}

static void take(struct memory_store *store, struct call *call)
{
    if (call->is_swap)
        store->swaps++;
    else
        store->reads++;
    if (!store->deferred) {
        run(store, call);
        release(call);
        return;
    }
    if (store->waiting == store->calls_capacity) {
        store->calls_capacity = store->calls_capacity ? store->calls_capacity * 2 : 16;
        memory_spared++;
        store->calls = realloc(store->calls, store->calls_capacity * sizeof *store->calls);
        memory_spared--;
        assert(store->calls);
    }
    store->calls[store->waiting++] = *call;
}

void memory_store_serve(struct memory_store *store, size_t index)
{
    assert(index < store->waiting);
    struct call call = store->calls[index];
    memmove(store->calls + index, store->calls + index + 1,
            (store->waiting - index - 1) * sizeof *store->calls);
    store->waiting--;
    run(store, &call);
    release(&call);
}

static void read_keys(void *context, const struct text *keys, size_t count, record_store_callback *done,
                      void *done_context)
{
    struct call call = {.count = count, .done = done, .context = done_context};
    assert(count <= RECORD_STORE_KEYS_MOST);
    for (size_t i = 0; i < count; i++)
        call.changes[i].key = copy_text(keys[i]);
    take(context, &call);
}

static void swap_keys(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                      record_store_callback *done, void *done_context)
{
    struct call call = {
        .is_swap = true, .allow_oom = allow_oom, .count = count, .done = done, .context = done_context};
    assert(count <= RECORD_STORE_KEYS_MOST);
    for (size_t i = 0; i < count; i++) {
        call.changes[i] = changes[i];
        call.changes[i].key = copy_text(changes[i].key);
        call.changes[i].expected = copy_text(changes[i].expected);
        call.changes[i].value = copy_text(changes[i].value);
    }
    take(context, &call);
}

struct record_store memory_store_port(struct memory_store *store)
{
    static const struct record_store_operations operations = {.read = read_keys, .swap = swap_keys};
    return (struct record_store){&operations, store};
}
