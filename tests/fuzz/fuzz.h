/* What every fuzz target shares: the entry that libFuzzer calls, and a check that stops it. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* Takes any bytes; returns 0.  A broken invariant aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Once before the first input, where a target needs it. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);             \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* Exactly these bytes in memory of their own, so that reading one too many is seen.  Free `bytes`. */
static inline struct text fuzz_own(const uint8_t *bytes, size_t size)
{
    char *own = malloc(size ? size : 1);
    HOLDS(own);
    if (size)
        memcpy(own, bytes, size);
    return (struct text){own, size};
}

static inline void fuzz_disown(struct text *own)
{
    free((char *)own->bytes);
    *own = (struct text){NULL, 0};
}

#endif
