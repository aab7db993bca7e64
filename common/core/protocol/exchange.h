/* One question on its way: what was read, what was decided, what is being swapped; private to core/protocol.
 */
#ifndef CORE_PROTOCOL_EXCHANGE_H
#define CORE_PROTOCOL_EXCHANGE_H

#include "core/protocol/reset_store.h"

struct reset_store {
    struct record_store records;
    struct reset_store_settings settings;
    size_t pending;
};

enum slot {
    SLOT_USER,
    SLOT_REQUEST,
    SLOT_RECIPIENT,
    SLOT_TOKEN,
    SLOT_ACTOR,
    SLOT_BORN,
    SLOT_NEWEST, /* a slot for each lane; their keys are known only after the user's record was read */
    SLOT_NEWEST_LAST = SLOT_NEWEST + LANE_COUNT - 1,
    SLOT_NAMED, /* by a change of the password; read when `user` does not name it */
    SLOT_PASSWORD,
    SLOT_STAGED,
    SLOT_ATTEMPTS,
    SLOT_COUNT
};

/* What is believed to stand under one key. */
struct held {
    char key[RECORD_STORE_KEY_MOST];
    size_t key_size; /* 0: not part of this exchange */
    bool present;
    bool garbled; /* too large or too short to be ours, and not kept; only where it may be written anew */
    size_t size;
    char *bytes; /* own copy, also where the key was given up: it is to be wiped; may be NULL */
};

struct exchange {
    struct reset_store *store;
    reset_store_callback *done;
    void *context;
    void (*decide)(struct exchange *exchange); /* fills decision from records */
    void (*finished)(
        struct exchange *exchange); /* verdict stands: last word before the callback; may be NULL */
    const void *question;
    struct reset_lease *lease;
    bool allow_oom;
    bool settles; /* what it says is told only when replicas have it, where the store waits for them */
    bool assumed; /* the records were not read but remembered */
    unsigned rounds;
    enum slot wanted; /* the decision's wish to read one slot more; SLOT_COUNT: none */
    struct held held[SLOT_COUNT];
    enum slot changed[RECORD_STORE_KEYS_MOST]; /* of each change in flight; SLOT_COUNT: a blind one */
    bool tells_password;                       /* the answer has the user's password */
    bool charges;                              /* a try of it, whatever stands there */
    bool password_unreadable;
    size_t written_size; /* of the request's record as this exchange writes it; 0: it does not */
    char written[RECORD_REQUEST_MOST];
    struct records records;
    struct decision decision;
    /* what questions point to; the keys are copies, since the key files may be read again meanwhile */
    struct begin_question begin;
    struct keyring_key token_key, record_key;
    char slot[TOKEN_SLOT_LENGTH + 1];
    unsigned char digest[EVENT_DIGEST_SIZE], recipient[TOKEN_RECIPIENT_SIZE];
};

static inline struct text held_key(const struct held *held)
{
    return (struct text){held->key, held->key_size};
}

static inline struct text held_value(const struct held *held)
{
    return held->present ? (struct text){held->bytes, held->size} : (struct text){NULL, 0};
}

/* Wipes and gives back the value; the key stays. */
void held_wipe(struct held *held);

/* Copies what was read; STATUS_INVALID for a value that is too long to be ours, STATUS_MEMORY. */
WARN_UNUSED enum status held_take(struct held *held, struct text value);

/* Its record remembers only how often or since when; what cannot be read there is written anew. */
bool slot_only_counts(enum slot slot);

/* No record was read. */
void records_forget(struct records *records);

/* The records of all values held, which their texts point into.  The slot at fault, or SLOT_COUNT. */
enum slot exchange_parse(struct exchange *exchange);

/* NULL without memory, and then `done` was told. */
struct exchange *exchange_new(struct reset_store *store, const void *question, reset_store_callback *done,
                              void *context);

/* Makes `prefix` and `name` the key of a slot; a name that no key of ours has is refused with false. */
bool exchange_key(struct exchange *exchange, enum slot slot, const char *prefix, struct text name);

/* Reads all slots that have a key, decides and swaps, until there is a verdict. */
void exchange_run(struct exchange *exchange);

/* Decides on `request`, whose line is `line`, as if it had been read; reads only when that leads nowhere. */
void exchange_run_assumed(struct exchange *exchange, const struct request_record *request, struct text line);

/* The key of a request's record; false unless the id has a UUID's length. */
bool exchange_name_request(struct exchange *exchange, struct text request_id);

/* Ends it because `what` cannot name a key. */
void exchange_refuse(struct exchange *exchange, const char *what);

/* Ends it with a failure. */
void exchange_fail(struct exchange *exchange, enum status status, const struct error *error);

#endif
