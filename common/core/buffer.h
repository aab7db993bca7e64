/* Bytes that grow up to a cap.  An append that does not fit (cap or memory) leaves the buffer as it was and
 * marks it `failed`: write all, then ask once. */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include "core/text.h"

struct buffer {
    char *bytes; /* owned; not closed by a NUL */
    size_t size, capacity;
    size_t limit;   /* bytes, never exceeded */
    size_t touched; /* from the front: what may have been written since the last wipe */
    bool failed;
    bool starved; /* failed for want of memory: later there may be some; else it has reached its cap */
    bool secret;  /* all that was touched is wiped before its memory is given back, also when it grows */
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_init_secret(struct buffer *buffer, size_t limit);

/* Frees and leaves an empty buffer with the same limit; clearing twice is fine. */
void buffer_clear(struct buffer *buffer);

/* Forgets the content, `failed` and `starved`, keeps the memory for the next use (wiped when secret). */
void buffer_reset(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_text(struct buffer *buffer, struct text text);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_number(struct buffer *buffer, long long number);

/* Room for `size` more bytes at the end, or NULL; buffer_grow_by says how many of them were used.  All of the
 * room counts as touched. */
char *buffer_reserve(struct buffer *buffer, size_t size);
void buffer_grow_by(struct buffer *buffer, size_t size);

/* Makes the memory for `size` more bytes, so that the appends which follow do not move it; false, and
 * `failed`, where there is none. */
bool buffer_prepare(struct buffer *buffer, size_t size);

/* Takes the first `size` bytes off. */
void buffer_consume(struct buffer *buffer, size_t size);

static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->bytes ? buffer->bytes : "", buffer->size};
}

#endif
