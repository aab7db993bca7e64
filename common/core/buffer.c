/* Growth doubles, so appending is linear over all; a secret buffer moves by copy and wipe, never by realloc,
 * which would leave the old bytes behind.
 *
 * A wipe covers what was touched and no more: a buffer is often much larger than what it held.  `touched`
 * rises with every append and every room that is handed out, and sinks at a wipe alone; taking bytes off
 * leaves it. */
#include "core/buffer.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/short_text.h"

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_init_secret(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit, .secret = true};
}

static void touch(struct buffer *buffer, size_t end)
{
    if (buffer->touched < end)
        buffer->touched = end;
}

static void wipe(struct buffer *buffer)
{
    if (buffer->secret && buffer->touched)
        sodium_memzero(buffer->bytes, buffer->touched);
    buffer->touched = 0;
}

void buffer_clear(struct buffer *buffer)
{
    wipe(buffer);
    free(buffer->bytes);
    *buffer = (struct buffer){.limit = buffer->limit, .secret = buffer->secret};
}

void buffer_reset(struct buffer *buffer)
{
    wipe(buffer);
    buffer->size = 0;
    buffer->failed = buffer->starved = false;
}

static bool grow(struct buffer *buffer, size_t wanted)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > buffer->limit)
        capacity = buffer->limit;
    char *bytes;
    if (buffer->secret) {
        bytes = malloc(capacity);
        if (bytes && buffer->bytes) {
            memcpy(bytes, buffer->bytes, buffer->size);
            wipe(buffer);
            touch(buffer, buffer->size);
            free(buffer->bytes);
        }
    } else {
        bytes = realloc(buffer->bytes, capacity);
    }
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

/* Kept apart, so that an append that fits, as nearly all do, saves no registers for it. */
static bool __attribute__((noinline)) make_room(struct buffer *buffer, size_t size)
{
    if (buffer->failed)
        return false;
    bool fits = size <= buffer->limit - buffer->size;
    if (fits && grow(buffer, buffer->size + size))
        return true;
    buffer->failed = true;
    buffer->starved = fits;
    return false;
}

bool buffer_prepare(struct buffer *buffer, size_t size)
{
    return (!buffer->failed && size <= buffer->capacity - buffer->size) || make_room(buffer, size);
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (!buffer_prepare(buffer, size) || !buffer->bytes)
        return NULL;
    touch(buffer, buffer->size + size);
    return buffer->bytes + buffer->size;
}

void buffer_grow_by(struct buffer *buffer, size_t size)
{
    buffer->size += size;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0 || !buffer_prepare(buffer, size))
        return;
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    touch(buffer, buffer->size);
}

void buffer_append_text(struct buffer *buffer, struct text text)
{
    buffer_append(buffer, text.bytes, text.size);
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
    buffer_append(buffer, string, strlen(string));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
    if (buffer->failed || buffer->size == buffer->capacity) {
        buffer_append(buffer, &byte, 1);
        return;
    }
    buffer->bytes[buffer->size++] = byte;
    touch(buffer, buffer->size);
}

void buffer_append_number(struct buffer *buffer, long long number)
{
    char digits[SHORT_TEXT_NUMBER];
    buffer_append_text(buffer, short_text_number(number, digits));
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    memmove(buffer->bytes, buffer->bytes + size, buffer->size - size);
    buffer->size -= size;
}
