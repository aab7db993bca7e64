/* The protocol's decisions: what each question does to the records, as pure functions of the records and the
 * time.
 *
 * The caller reads the records, asks, and swaps what `decision` says, comparing all that it read; so every
 * decision is taken as if nobody else was there.  `records` holds what is stored on the way in and what is to
 * be stored on the way out.  Nothing here does I/O, allocates, or makes anything random: the questions bring
 * what is needed.
 *
 * "link" below is the token with its record; a link is live while its token's record stands unclaimed. */
#ifndef CORE_PROTOCOL_DECISION_H
#define CORE_PROTOCOL_DECISION_H

#include "core/protocol/record.h"

enum {
    DECISION_LIFE_MS = 24 * 60 * 60 * 1000,     /* of a request, from t0 */
    DECISION_LOST_MOST = 20,                    /* leases lost by one request; more is poison */
    DECISION_SKEW_MS = 2000,                    /* between Kafka's clock and the store's */
    DECISION_CLAIM_MS = 5 * 60 * 1000,          /* how long a redemption may be asked again */
    DECISION_PASSWORD_MS = 24 * 60 * 60 * 1000, /* of a temporary password */
    DECISION_OPENED_MS = 15 * 60 * 1000,        /* in which an accepted one has to be changed */
    DECISION_DELAY_MOST_MS = 60 * 1000,         /* between two tries of a password */
    DECISION_ATTEMPTS_MS = 15 * 60 * 1000       /* how long tries are remembered after their delay */
};

enum verdict {
    VERDICT_UNKNOWN,  /* none yet */
    VERDICT_LEASE,    /* begin: go on and mail */
    VERDICT_DONE,     /* the request has ended; its record says how */
    VERDICT_BUSY,     /* begin: somebody else's lease runs */
    VERDICT_STALE,    /* begin: a newer copy of this request is durable */
    VERDICT_MISMATCH, /* begin: one id, two bodies */
    VERDICT_OK,       /* done as asked */
    VERDICT_LOST,     /* finish: no longer the caller's to say */
    VERDICT_GONE,     /* finish: there is no such request any more */
    VERDICT_CLAIMED,  /* check: redeemed less than five minutes ago */
    VERDICT_NONE      /* check, redeem: no such link; status: no such request */
};

const char *verdict_name(enum verdict verdict);

struct limit {
    uint32_t
        count; /* 0: off; over RECORD_TIMES_MOST per user or recipient the period is up to 1/32 shorter */
    int64_t period_ms;
};

struct reset_limits {
    int64_t coalesce_ms, protect_admin_ms; /* 0: off */
    struct limit per_user, per_recipient;  /* per_user: for each class on its own */
    struct limit per_actor;  /* not asked of `self` while per_user is on: that actor is the user */
    struct limit per_bulk;   /* of one key's requests in bulk, instead of the actor's */
    struct limit per_notice; /* of one user's notices of a changed password */
};

enum record_fate {
    FATE_UNTOUCHED, /* not looked at, so not compared */
    FATE_COMPARED,
    FATE_WRITTEN,       /* compared and written */
    FATE_WRITTEN_BLIND, /* written whatever is there: a key that only this decision's randomness can name, or
                           a record that counts only together with one that is compared */
    FATE_DELETED,       /* compared and deleted */
    FATE_DELETED_BLIND
};

/* has_*: whether there is such a record. */
struct records {
    int64_t now_ms;
    bool has_user, has_request, has_newest[LANE_COUNT], has_token;
    bool newest_read[LANE_COUNT]; /* false: nobody looked yet for the record of the request that `user` names
                                   */
    struct user_record user;
    struct request_record request;
    struct request_record newest[LANE_COUNT]; /* of the request that `user` names, where it is another */
    bool has_named, named_read;
    struct request_record named; /* that a change of the password completes, where `user` does not name it */
    struct token_record token;
    bool has_password, has_staged, has_attempts;
    struct password_record password;
    struct staged_record staged;
    struct attempts_record attempts;
    struct record_times recipient; /* count 0: no record */
    int64_t actor_requests;        /* the actor's, or the key's in bulk; 0: no counter */
    int64_t born_ms;               /* 0: no record */
};

struct decision {
    enum verdict verdict;
    bool wants_newest[LANE_COUNT]; /* no verdict yet: read the records of the requests that `user` names, and
                                      ask again */
    bool wants_named;              /* the same for the request that is completed */
    int64_t rest_ms;               /* BUSY: until that lease, or the delay after a try, ends */
    enum record_fate user, request, newest[LANE_COUNT], named, token, recipient, password, staged, attempts;
    int64_t token_until_ms;              /* when the written token record is to vanish */
    char killed[2][TOKEN_STORED_LENGTH]; /* tokens to delete, whatever is there */
    size_t killed_count;
    bool counts_actor, sets_born;
};

/* The link that an admission would make: everything about it but its time. */
struct link_candidate {
    const unsigned char *seed; /* TOKEN_SEED_SIZE */
    const unsigned char *inc;  /* RECORD_INC_SIZE */
    const struct keyring_key *token_key, *record_key;
};

struct begin_question {
    struct text request_id;
    const unsigned char *owner; /* RECORD_OWNER_SIZE; new for each lease asked for */
    uint32_t generation, copy;
    int64_t t0_ms, not_after_ms; /* not_after 0: none */
    enum actor_class actor_class;
    enum method method;
    bool known;   /* false: `user: null`; then tenant may be absent, slot and user_id are */
    bool in_bulk; /* its key's budget is asked instead of the actor's */
    struct text
        completes; /* of a change of the password: the request that led to it; absent: none is named */
    const struct keyring_key *staged_key; /* the record key that the staged password names; NULL: unknown */
    int64_t not_before_ms;                /* links and passwords made before count for nothing */
    struct text slot, tenant, user_id;
    const unsigned char *digest;    /* EVENT_DIGEST_SIZE */
    const unsigned char *recipient; /* TOKEN_RECIPIENT_SIZE; by the candidate's record key */
    struct link_candidate candidate;
    const struct reset_limits *limits;
    int64_t lease_ms, token_ttl_ms;
    int64_t watched_lease_ms; /* somebody's lease that the caller has seen before, by when it ends; 0: none */
    int64_t watched_ms;       /* for how long, by a clock that nobody sets */
};

/* LEASE, DONE, BUSY, STALE, MISMATCH, or wants_*.  Looks at user, request, newest, named, staged, recipient,
 * actor, born. */
void decide_begin(const struct begin_question *question, struct records *records, struct decision *decision);

enum finish_result { FINISH_SENT, FINISH_PENDING, FINISH_RELEASE, FINISH_PARK, FINISH_RENEW, FINISH_DEAD };

struct finish_question {
    enum finish_result result;
    const unsigned char *owner, *inc;
    uint32_t copy;       /* PENDING, PARK: the number of the successor copy */
    bool maybe_mailed;   /* PENDING, RELEASE, DEAD: this attempt ended uncertain */
    int64_t due_ms;      /* PENDING: when its next try is due */
    enum reason reason;  /* DEAD */
    uint32_t reply_code; /* SMTP's; 0: none */
    struct text enhanced;
    int64_t lease_ms; /* RENEW */
};

/* OK, DONE, LOST, GONE.  Looks at request alone; allowed where the store is out of memory. */
void decide_finish(const struct finish_question *question, struct records *records,
                   struct decision *decision);

/* NONE, CLAIMED, OK.  Looks at token and user; changes nothing.  The caller verifies the mac. */
void decide_check(const struct records *records, int64_t not_before_ms, struct decision *decision);

struct redeem_question {
    struct text stored;         /* TOKEN_STORED_LENGTH */
    const unsigned char *claim; /* RECORD_OWNER_SIZE: hash of API key and Idempotency-Key */
    const unsigned char *recipient, *mac;
    int64_t not_before_ms;
};

/* NONE, OK.  Looks at token, user, request; allowed where the store is out of memory. */
void decide_redeem(const struct redeem_question *question, struct records *records,
                   struct decision *decision);

/* OK, or wants_newest.  Looks at user and newest: the user's live link and temporary password die, and what
 * was asked for before; a claimed link, too, unless it `keeps_claimed` ones. */
void decide_revoke(bool keeps_claimed, struct records *records, struct decision *decision);

#endif
