/* What a walk looks at behind the protocol's back: it reads all records of its few requests through the port,
 * prints them, and changes them as time or a disaster would. */
#ifndef TESTS_PROTOCOL_WALK_LEDGER_H
#define TESTS_PROTOCOL_WALK_LEDGER_H

#include "support/desk.h"

enum { WALK_REQUESTS = 3, WALK_LINKS_MOST = 256 };

struct walk_link {
    unsigned request, inc;
    char stored[TOKEN_STORED_LENGTH + 1];
};

struct ledger {
    struct desk *desk;
    char user_key[32], recipient_key[48];
    struct walk_link links[WALK_LINKS_MOST]; /* every link that was ever made */
    size_t count;
};

void ledger_open(struct ledger *ledger, struct desk *desk);
void ledger_note(struct ledger *ledger, unsigned request, unsigned inc, const char *stored);

/* NULL for a link that was never made. */
const struct walk_link *ledger_find(const struct ledger *ledger, unsigned request, unsigned inc);

/* The bytes of a request's record; size 0 where there is none. */
struct text ledger_request(struct ledger *ledger, unsigned request, char bytes[RECORD_STORE_VALUE_MOST]);

/* The store's clock. */
int64_t ledger_now(struct ledger *ledger);

/* `newest|state of each request|tokens`, on stdout. */
void ledger_print(struct ledger *ledger);

void ledger_end_lease(struct ledger *ledger, unsigned request);
void ledger_end_windows(struct ledger *ledger);
void ledger_end_claims(struct ledger *ledger);
void ledger_lose_all(struct ledger *ledger);

/* The mailbox has no room for another admission, or has all of it. */
void ledger_fill_recipient(struct ledger *ledger, bool full);

#endif
