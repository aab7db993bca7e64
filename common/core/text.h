/* A run of bytes somewhere else: never owned, not closed by a NUL. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
    const char *bytes; /* NULL only where the value is absent */
    size_t size;       /* bytes */
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})

static inline struct text text_of(const char *string)
{
    return (struct text){string, string ? strlen(string) : 0};
}

/* Byte-exact; not for secrets (sodium_memcmp is). */
static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* Overwrites a secret where it stands, and empties the text; its bytes must be writable.  Absent: fine. */
void text_wipe(struct text *text);

/* The order of bytes, the shorter first where one begins the other: below, equal to or above 0. */
static inline int text_compare(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.bytes, b.bytes, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

#endif
