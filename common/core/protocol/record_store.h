/* The port to where records are kept: read some keys, and swap them if nobody changed them meanwhile.
 *
 * Redis serves it in production (io/redis_record_store.h), an array in tests
 * (tests/unit/support/memory_store.h). Both calls answer by exactly one callback, at once (from inside the
 * call) or later, in the order in which they were asked.  Keys and values are bytes without meaning to the
 * store; keys come without the configured prefix, which the store puts before them.  Whatever a call is given
 * needs to live only until the call returns; whatever a reply has lives only until its callback returns. */
#ifndef CORE_PROTOCOL_RECORD_STORE_H
#define CORE_PROTOCOL_RECORD_STORE_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

enum {
    RECORD_STORE_KEYS_MOST = 10,   /* in one call */
    RECORD_STORE_KEY_MOST = 96,    /* bytes, without the prefix */
    RECORD_STORE_VALUE_MOST = 2048 /* bytes; a longer value is STATUS_INVALID */
};

struct record_store_reply {
    /* STATUS_OK           read, or swapped
     * STATUS_CONFLICT     swap: something is not as expected; nothing was written; values are what is there
     * now STATUS_FULL         swap without allow_oom: Redis is out of memory; nothing was written
     * STATUS_UNAVAILABLE  not connected, LOADING, READONLY …: surely nothing was done
     * STATUS_TIMEOUT      no answer, or the connection broke while waiting for it: a swap may have been done
     * STATUS_DENIED       the ACL or the password forbids it
     * any other           a reply that makes no sense; a swap may have been done */
    enum status status;
    const struct error *error; /* says more wherever status is neither OK nor CONFLICT; else NULL */
    int64_t now_ms;            /* the store's clock, milliseconds since 1970: on read, and on CONFLICT */
    size_t count;              /* as many as were asked, in that order: on read, and on CONFLICT */
    struct text values[RECORD_STORE_KEYS_MOST]; /* bytes NULL: there is no such key */
};

typedef void record_store_callback(void *context, const struct record_store_reply *reply);

enum record_store_action {
    RECORD_STORE_KEEP,   /* only compare */
    RECORD_STORE_SET,    /* value, until expires_at_ms */
    RECORD_STORE_DELETE, /* deleting what is not there is fine */
    RECORD_STORE_COUNT /* add 1 to a plain counter, which starts at 0 and expires at the expires_at_ms of the
                          first */
};

struct record_store_change {
    struct text key;
    bool compared;        /* false: `expected` does not matter; always false with COUNT */
    struct text expected; /* the exact bytes; bytes NULL: there must be no such key */
    enum record_store_action action;
    struct text value;     /* SET */
    int64_t expires_at_ms; /* SET, COUNT: absolute, the store's clock; 0: never */
    uint32_t below;        /* COUNT: CONFLICT unless the counter is below this; 0: any number will do */
};

struct record_store_operations {
    /* GET of each key and the time, together at one moment. */
    void (*read)(void *context, const struct text *keys, size_t count, record_store_callback *done,
                 void *done_context);

    /* All or nothing: if every compared key has its expected bytes, do every action, else CONFLICT.
     * allow_oom: go on also where the store is out of memory. */
    void (*swap)(void *context, const struct record_store_change *changes, size_t count, bool allow_oom,
                 record_store_callback *done, void *done_context);

    /* Whatever was written before this call will outlive the store that took it: STATUS_OK, or STATUS_TIMEOUT
     * where that cannot be said.  NULL: nothing is waited for. */
    void (*settle)(void *context, record_store_callback *done, void *done_context);
};

struct record_store {
    const struct record_store_operations *operations;
    void *context;
};

#endif
