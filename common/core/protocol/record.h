/* What the store keeps, as plain values, and as one line of text: the version first, then the fields in the
 * order declared here, separated by tabs.  Zero, none and absent are empty fields; bytes are base64url, times
 * are milliseconds since 1970 by the store's clock.
 *
 *   user:<slot>           the newest admitted requests of a user, by lane             72 h from each write
 *   request:<request id>  one request's way                                          72 h from each write
 *   token:<stored>        one link                                                    until it expires
 *   password:<slot>       a user's current temporary password                         until it expires
 *   staged:<request id>   a password that was shown, until its request is begun       15 min or 24 h
 *   attempts:<slot>       wrong tries of a user's password                            15 min after the delay
 *   recipient:<budget>    when requests were admitted for one mailbox                 the limit's period
 *   actor:<slot>          how many requests one actor made: a plain counter           the limit's period
 *   bulk:<slot>           how many requests one key made in bulk: a plain counter     the limit's period
 *   born                  when this store was first seen: a plain number              for ever
 *
 * Parsing is total: any bytes give a record or STATUS_INVALID, and only what formatting would write is
 * accepted, so that formatting a parsed record gives the same bytes.  Texts point into the bytes that were
 * parsed. */
#ifndef CORE_PROTOCOL_RECORD_H
#define CORE_PROTOCOL_RECORD_H

#include <stdint.h>

#include "core/event.h"
#include "core/method.h"
#include "core/outcome.h"
#include "core/status.h"
#include "core/text.h"
#include "core/token.h"

enum {
    RECORD_TIMES_MOST = 64, /* a limit up to here is exact */
    RECORD_OWNER_SIZE = 16,
    RECORD_INC_SIZE = 8,
    RECORD_SALT_SIZE = 16,
    RECORD_VERIFIER_SIZE = 32,
    RECORD_MAC_SIZE = 32,
    RECORD_REQUEST_MOST = 1536, /* bytes of a request's line */
    RECORD_KEEP_MS = 72 * 60 * 60 * 1000
};

enum request_state {
    REQUEST_PENDING,
    REQUEST_LEASED,
    REQUEST_SENT, /* this and the following are terminal */
    REQUEST_SUPPRESSED,
    REQUEST_EXPIRED,
    REQUEST_DEAD,
    REQUEST_STATE_COUNT
};

/* Times of admissions, oldest first, each with how many they stand for: a limit larger than RECORD_TIMES_MOST
 * counts what came close together as one. */
struct record_times {
    size_t count;
    int64_t at[RECORD_TIMES_MOST];
    uint32_t weight[RECORD_TIMES_MOST]; /* at least 1 */
};

/* The newest request that was admitted in one lane. */
struct standing {
    struct text request_id; /* absent: none; "revoked" after a revocation or a change of the password */
    int64_t t0_ms, admitted_ms;
    enum actor_class actor_class;
    bool has_target;
    unsigned char target[TOKEN_RECIPIENT_SIZE]; /* its recipient */
    enum method method;
};

/* What is counted for a user: requests by class, and notices of a changed password. */
enum user_times { TIMES_SELF = ACTOR_SELF, TIMES_ADMIN = ACTOR_ADMIN, TIMES_NOTICE, USER_TIMES };

struct user_record {
    struct standing newest[LANE_COUNT];
    int64_t fence_ms; /* what was asked for before is revoked; 0: nothing */
    struct record_times times[USER_TIMES];
};

struct request_record {
    enum request_state state;
    uint32_t generation, copy;
    bool has_inc;
    unsigned char inc[RECORD_INC_SIZE]; /* names this link: the Message-ID and audit ids come from it */
    bool has_owner;
    unsigned char owner[RECORD_OWNER_SIZE];
    int64_t lease_ms; /* until when */
    uint32_t tries;   /* attempts that ended: finish sent, pending, dead */
    uint32_t lost;    /* leases that ended without a finish */
    bool maybe_mailed;
    struct text kid; /* the token key's */
    bool has_stored;
    char stored[TOKEN_STORED_LENGTH]; /* the stored form of the token or mailed password, hex, no NUL */
    int64_t expires_ms;               /* the link's or password's */
    int64_t due_ms;                   /* the next try; pending */
    bool has_finisher;
    unsigned char finisher[RECORD_OWNER_SIZE]; /* whose finish made it pending */
    enum reason reason;
    struct text into; /* the request that stands in for this one; may be absent */
    unsigned char digest[EVENT_DIGEST_SIZE];
    struct text slot, tenant; /* absent for an unknown user */
    uint32_t reply_code;      /* SMTP's last; 0: none */
    struct text enhanced;     /* RFC 3463, e.g. "5.1.1"; may be absent */
    bool has_seed;
    unsigned char seed[TOKEN_SEED_SIZE]; /* only while unfinished */
    int64_t begun_ms, changed_ms;        /* first begin; last change of state */
    int64_t redeemed_ms;                 /* 0: not */
    bool rebuilt;                        /* the store had lost it */
    enum method method;
    int64_t made_ms;       /* when its link or password was made; 0: it has none */
    int64_t completed_ms;  /* when a change of the password named it; 0: not */
    struct text completes; /* of a change of the password: the request that led to it, if it is the user's */
};

struct token_record {
    struct text request_id;
    unsigned char inc[RECORD_INC_SIZE];
    int64_t expires_ms;
    struct text tenant, user_id;
    enum method method;
    unsigned char recipient[TOKEN_RECIPIENT_SIZE], mac[TOKEN_MAC_SIZE];
    struct text kid; /* the record key's */
    bool claimed;
    unsigned char claim[RECORD_OWNER_SIZE]; /* who redeemed it: the hash of API key and Idempotency-Key */
    int64_t made_ms;
};

/* A temporary password as core/temporary_password.h verifies it.  It counts only while the user's record
 * names its request; so nobody has to delete it. */
struct password_record {
    struct text request_id;
    unsigned char inc[RECORD_INC_SIZE];
    int64_t made_ms, expires_ms;
    bool
        opened; /* it was verified once; expires_ms is the end of the minutes in which it has to be changed */
    enum method method;
    unsigned char salt[RECORD_SALT_SIZE]; /* zero where the password was generated */
    unsigned char verifier[RECORD_VERIFIER_SIZE];
    struct text tenant, user_id;
    struct text kid; /* the record key's */
    unsigned char mac[RECORD_MAC_SIZE];
};

/* A password that the producer has shown, or was given; its request is named by the key. */
struct staged_record {
    enum method method;
    unsigned char salt[RECORD_SALT_SIZE];
    unsigned char verifier[RECORD_VERIFIER_SIZE];
    struct text tenant, user_id;
    int64_t made_ms;
    struct text kid; /* the record key's */
    unsigned char mac[RECORD_MAC_SIZE];
};

struct attempts_record {
    uint32_t count;        /* tries since the last success, forgotten after a while */
    int64_t not_before_ms; /* of the next try */
};

static inline bool request_state_is_terminal(enum request_state state)
{
    return state >= REQUEST_SENT;
}

/* "pending", "leased", "sent" … */
const char *request_state_name(enum request_state state);

WARN_UNUSED enum status user_record_parse(struct text line, struct user_record *record);
WARN_UNUSED enum status request_record_parse(struct text line, struct request_record *record);
WARN_UNUSED enum status token_record_parse(struct text line, struct token_record *record);
WARN_UNUSED enum status recipient_record_parse(struct text line, struct record_times *times);
WARN_UNUSED enum status password_record_parse(struct text line, struct password_record *record);
WARN_UNUSED enum status staged_record_parse(struct text line, struct staged_record *record);
WARN_UNUSED enum status attempts_record_parse(struct text line, struct attempts_record *record);

/* Write the line to `bytes` and its size to `size`; STATUS_FULL when it does not fit in `capacity`,
 * STATUS_INVALID when a text has a tab, a line end or NUL in it. */
WARN_UNUSED enum status user_record_format(const struct user_record *record, char *bytes, size_t capacity,
                                           size_t *size);
WARN_UNUSED enum status request_record_format(const struct request_record *record, char *bytes,
                                              size_t capacity, size_t *size);
WARN_UNUSED enum status token_record_format(const struct token_record *record, char *bytes, size_t capacity,
                                            size_t *size);
WARN_UNUSED enum status recipient_record_format(const struct record_times *times, char *bytes,
                                                size_t capacity, size_t *size);

WARN_UNUSED enum status password_record_format(const struct password_record *record, char *bytes,
                                               size_t capacity, size_t *size);
WARN_UNUSED enum status staged_record_format(const struct staged_record *record, char *bytes, size_t capacity,
                                             size_t *size);
WARN_UNUSED enum status attempts_record_format(const struct attempts_record *record, char *bytes,
                                               size_t capacity, size_t *size);

/* A copy that lives as long as `line`, which has to be what formatting `record` writes; cheaper than parsing.
 */
void request_record_copy(const struct request_record *record, struct text line, struct request_record *copy);

/* Plain decimal numbers (born, actor): digits only. */
WARN_UNUSED enum status number_record_parse(struct text digits, int64_t *number);

#endif
