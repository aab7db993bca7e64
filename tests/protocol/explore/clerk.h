/* Asks the production functions: what is stored goes in as a value (a shelf), what is stored then comes out.
 * The same question about the same shelf is asked once and remembered. */
#ifndef EXPLORE_CLERK_H
#define EXPLORE_CLERK_H

#include "core/protocol/reset_store.h"
#include "scenario.h"
#include "shelf.h"

enum { OWNER_GONE = 9, ID_LENGTH = 36 };

#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS   (60 * MINUTE_MS)

enum ask {
    ASK_START,
    ASK_BEGIN,
    ASK_FINISH,
    ASK_REDEEM,
    ASK_REVOKE,
    ASK_CHANGED,
    ASK_STAGE,
    ASK_TRY,
    ASK_OPEN
};

/* No padding: it is hashed.  `moment`: a revocation comes right after the request of that number less 1; 0:
 * now. Owners are the numbers of their runs plus 1; links and passwords of a request are counted from 1. */
struct question {
    uint8_t ask, request, generation, copy, owner, inc, version, key;
    uint8_t result, maybe_mailed, due, again, user, reads, deaf, moment;
    uint16_t minutes, not_before;
    uint32_t shelf, belief, read[2];
};

/* What a request's record says, by numbers. */
struct told {
    uint8_t there, state, reason, generation, copy, tries, inc, maybe_mailed, rebuilt;
    uint8_t into;      /* number of the request that it names, plus 1 */
    uint8_t completes; /* the same */
};

struct answer {
    enum status status;
    enum verdict verdict;
    bool wants_read;  /* it reads once more before it decides, what nobody has read for it yet */
    bool wrote_badly; /* a record without an end, or a token's beyond its day */
    uint32_t shelf;   /* what is stored now */
    uint32_t belief;  /* what a lease remembers: a number of clerk.values */
    struct told told;
    uint8_t password_request, password_inc, password_version; /* request plus 1; 0: none */
};

struct clerk {
    const struct scenario *scenario;
    struct interning keys, values, shelves, questions;
    struct room answers;
    struct interning views_asked, passed_asked;
    struct room views, passed;
    struct counter counter;
    struct reset_store *store;
    struct keyring *token_keys, *record_keys;
    struct request requests[REQUESTS_MOST];
    char ids[REQUESTS_MOST][ID_LENGTH + 1];
    char slots[USERS_MOST][TOKEN_SLOT_LENGTH + 1];
    uint8_t users[REQUESTS_MOST]; /* whose each is */
    char stored[REQUESTS_MOST][INCS_MOST + 1][TOKEN_STORED_LENGTH + 1];
};

void clerk_open(struct clerk *clerk, const struct scenario *scenario);
void clerk_close(struct clerk *clerk);
const struct answer *clerk_ask(struct clerk *clerk, const struct question *question);
int64_t clerk_now(uint16_t minutes);
int64_t clerk_t0(unsigned request, bool again);
int64_t clerk_moment(unsigned request, bool again); /* right after that */
enum lane clerk_lane(const struct clerk *clerk, unsigned request);
size_t clerk_bytes(const struct clerk *clerk);

/* Bytes that stand for a number. */
void clerk_mark(unsigned char *bytes, size_t size, char kind, unsigned request, unsigned number);
uint8_t clerk_number(const unsigned char *bytes);
uint8_t clerk_request(const struct clerk *clerk, struct text id); /* its number plus 1; 0: none */
void clerk_tell(const struct clerk *clerk, const struct request_record *record, struct told *told);

#endif
