/* A ring.  An entry is small (a file of millions of good lines needs no more), and only one that is refused
 * or failed owns memory besides. */
#include "producer/send_window.h"

#include <assert.h>
#include <stdlib.h>

#include "core/json_bytes.h"

struct send_window {
    size_t capacity, first, count;
    void *context;
    struct send_entry entries[];
};

struct send_window *send_window_new(size_t capacity, void *context)
{
    assert(capacity > 0);
    struct send_window *window = calloc(1, sizeof *window + capacity * sizeof *window->entries);
    if (window) {
        window->capacity = capacity;
        window->context = context;
    }
    return window;
}

void send_window_free(struct send_window **window)
{
    if (*window)
        while ((*window)->count > 0)
            send_window_drop(*window);
    free(*window);
    *window = NULL;
}

bool send_window_is_full(const struct send_window *window)
{
    return window->count == window->capacity;
}

size_t send_window_size(const struct send_window *window)
{
    return window->count;
}

static size_t place(const struct send_window *window, size_t n)
{
    size_t index = window->first + n;
    return index < window->capacity ? index : index - window->capacity;
}

struct send_entry *send_window_begin(struct send_window *window, uint64_t line)
{
    assert(!send_window_is_full(window));
    struct send_entry *entry = &window->entries[place(window, window->count++)];
    *entry = (struct send_entry){.context = window->context, .line = line};
    return entry;
}

void send_window_cancel(struct send_window *window, struct send_entry *entry)
{
    assert(window->count > 0 && entry == &window->entries[place(window, window->count - 1)]);
    free(entry->refusal);
    window->count--;
}

void send_entry_settle(struct send_entry *entry, enum send_state state, const char *field,
                       const char *sentence)
{
    assert(entry->state == SEND_UNDER_WAY && state != SEND_UNDER_WAY);
    entry->state = state;
    if (state != SEND_REFUSED && state != SEND_FAILED)
        return;
    size_t before = strlen(field) + 1, size = strlen(sentence) + 1;
    entry->refusal = malloc(before + size);
    if (!entry->refusal)
        return;
    memcpy(entry->refusal, field, before);
    memcpy(entry->refusal + before, sentence, size);
}

const struct send_entry *send_window_oldest(const struct send_window *window)
{
    const struct send_entry *entry = &window->entries[window->first];
    return window->count > 0 && entry->state != SEND_UNDER_WAY ? entry : NULL;
}

void send_window_drop(struct send_window *window)
{
    assert(window->count > 0);
    free(window->entries[window->first].refusal);
    window->entries[window->first].refusal = NULL;
    window->first = place(window, 1);
    window->count--;
}

void send_entry_write(const struct send_entry *entry, struct buffer *out)
{
    static const char *const words[] = {
        [SEND_UNDER_WAY] = "under_way", [SEND_ACCEPTED] = "accepted", [SEND_VALID] = "valid",
        [SEND_REFUSED] = "refused",     [SEND_FAILED] = "failed",
    };
    buffer_append_string(out, "{\"line\":");
    buffer_append_number(out, (long long)entry->line);
    if (entry->id[0]) {
        buffer_append_string(out, ",\"id\":");
        json_write_visible(out, text_of(entry->id));
    }
    buffer_append_string(out, ",\"status\":\"");
    buffer_append_string(out, words[entry->state]);
    buffer_append_byte(out, '"');
    if (entry->state == SEND_FAILED)
        buffer_append_string(out, entry->maybe_published ? ",\"maybe_published\":true"
                                                         : ",\"maybe_published\":false");
    if (entry->refusal) {
        const char *sentence = entry->refusal + strlen(entry->refusal) + 1;
        if (entry->refusal[0]) {
            buffer_append_string(out, ",\"field\":");
            json_write_visible(out, text_of(entry->refusal));
        }
        buffer_append_string(out, ",\"error\":");
        json_write_visible(out, text_of(sentence));
    }
    buffer_append_string(out, "}\n");
}
