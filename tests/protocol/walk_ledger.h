/* What a walk looks at behind the protocol's back: it reads all records of its few requests through the port,
 * prints them, and changes them as time or a disaster would. */
#ifndef TESTS_PROTOCOL_WALK_LEDGER_H
#define TESTS_PROTOCOL_WALK_LEDGER_H

#include "support/desk.h"

enum { WALK_REQUESTS = 4, WALK_LINKS_MOST = 256, WALK_PASSWORDS_MOST = 256, WALK_APART_MS = 10000 };

enum { WALK_NOTICES = 2, WALK_BUDGETS }; /* before the notices: own requests, administrators' */

struct walk_link {
    unsigned request, inc;
    char stored[TOKEN_STORED_LENGTH + 1];
};

/* A password that counted once; its number is its version, or the inc of a mailed one. */
struct walk_known_password {
    unsigned request, number;
    struct password_record record; /* without its texts */
};

struct ledger {
    struct desk *desk;
    int64_t origin_ms; /* t0 of request 0 */
    char user_key[32], password_key[48], attempts_key[48];
    char recipient_keys[WALK_BUDGETS][48];
    struct walk_known_password passwords[WALK_PASSWORDS_MOST];
    size_t password_count;
    struct walk_link links[WALK_LINKS_MOST]; /* every link that was ever made */
    size_t count;
};

/* What stands under one key. */
struct ledger_seen {
    bool answered, present;
    int64_t now_ms;
    size_t size;
    char bytes[RECORD_STORE_VALUE_MOST];
};

bool ledger_look(struct ledger *ledger, const char *key, struct ledger_seen *seen);
void ledger_put(struct ledger *ledger, const char *key, const char *value, size_t size); /* NULL: deletes */

static inline struct text ledger_text(const struct ledger_seen *seen)
{
    return (struct text){seen->bytes, seen->size};
}

void ledger_open(struct ledger *ledger, struct desk *desk);
void ledger_note(struct ledger *ledger, unsigned request, unsigned inc, const char *stored);

/* NULL for a link that was never made. */
const struct walk_link *ledger_find(const struct ledger *ledger, unsigned request, unsigned inc);

/* The bytes of a request's record; size 0 where there is none. */
struct text ledger_request(struct ledger *ledger, unsigned request, char bytes[RECORD_STORE_VALUE_MOST]);

/* The store's clock. */
int64_t ledger_now(struct ledger *ledger);

void ledger_request_key(unsigned request, char key[64]);
void ledger_staged_key(unsigned request, char key[64]);
void ledger_link_key(const struct walk_link *link, char key[96]);

/* When a request was asked for. */
int64_t ledger_t0(const struct ledger *ledger, unsigned request);

/* NULL for a password that never counted. */
const struct walk_known_password *ledger_find_password(const struct ledger *ledger, unsigned request,
                                                       unsigned number);

/* `newest link|newest password|fence|password|waits|state of each request|staged|tokens`, on stdout. */
void ledger_print(struct ledger *ledger);

void ledger_end_lease(struct ledger *ledger, unsigned request);
void ledger_end_windows(struct ledger *ledger);
void ledger_end_claims(struct ledger *ledger);
void ledger_lose_all(struct ledger *ledger);

void ledger_end_delay(struct ledger *ledger);

/* A try has to wait for longer than a walk takes. */
void ledger_prolong_delay(struct ledger *ledger);

/* As if the last revocation had been when that request was asked for. */
void ledger_set_fence(struct ledger *ledger, unsigned request);

void ledger_set_born(struct ledger *ledger, int64_t born_ms);

/* The mailbox, or the user for notices, has no room for another one, or has all of it. */
void ledger_fill(struct ledger *ledger, bool notices, bool full);

#endif
