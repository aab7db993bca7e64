/* What worker and producer ask of the store: each call reads, decides (core/protocol/decision.h) and swaps,
 * and decides again when somebody was faster, a bounded number of times.
 *
 * Each call answers by exactly one callback, perhaps before it returns.  Questions, and all that they point
 * to, must stay until then.  A status other than STATUS_OK means that no verdict is known: STATUS_TIMEOUT
 * that it may have been done.  The very same question (same owner, seed, inc, claim) may be asked again at
 * any time and finds what it did itself.  What an answer points to lives only until the callback returns. */
#ifndef CORE_PROTOCOL_RESET_STORE_H
#define CORE_PROTOCOL_RESET_STORE_H

#include "core/keyring.h"
#include "core/protocol/decision.h"
#include "core/protocol/record_store.h"

struct reset_store;

struct reset_answer {
    enum status status; /* OK: there is a verdict.  FULL, UNAVAILABLE, TIMEOUT, CONFLICT: ask again later */
    const struct error *error; /* where status is not OK */
    enum verdict verdict;
    int64_t now_ms;                       /* the store's clock when it was decided */
    int64_t rest_ms;                      /* BUSY: until the other's lease ends */
    const struct request_record *request; /* as it stands now; NULL where there is none or it was not read */
    const struct token_record *token;     /* check, redeem: where there is one */
    const struct password_record *password; /* try_password, open_password: the current one; NULL: none */
    bool password_unreadable;               /* try_password: what stands in its place is no record */
};

typedef void reset_store_callback(void *context, const struct reset_answer *answer);

struct reset_store_settings {
    struct reset_limits limits;
    int64_t lease_ms;      /* 0: 45 s */
    int64_t token_ttl_ms;  /* 0: 24 h */
    int64_t not_before_ms; /* what was made before counts for nothing; 0: all counts */
    const struct keyring *token_keys, *record_keys; /* not owned; only begin needs them */
};

/* NULL without memory.  `records` is copied; what it points to must outlive the store. */
struct reset_store *reset_store_new(const struct record_store *records,
                                    const struct reset_store_settings *settings);

/* First let the record store answer all that is pending. */
void reset_store_free(struct reset_store **store);

/* After the key files were read again: from the next begin on; the old keys may be freed at once. */
void reset_store_set_keys(struct reset_store *store, const struct keyring *token_keys,
                          const struct keyring *record_keys);

/* token.not_before, whenever it changes: links and temporary passwords made before are refused, and a worker
 * makes new ones instead of keeping them. */
void reset_store_set_not_before(struct reset_store *store, int64_t not_before_ms);

/* Worker, at start, before the first begin: notes when this store was first seen (`born`), so that a later
 * loss of all data shows.  Verdict OK. */
void reset_store_start(struct reset_store *store, reset_store_callback *done, void *context);

/* What a run needs of its request while it has the lease.  Begun by reset_store_begin, kept up by finish.
 * `record` points into `bytes`: never copy the struct, and clear it (it has the seed). */
struct reset_lease {
    struct request_record record;
    unsigned char owner[RECORD_OWNER_SIZE], inc[RECORD_INC_SIZE]; /* whose lease, of which link */
    char request_id[36];
    size_t size;                     /* 0: no lease */
    char bytes[RECORD_REQUEST_MOST]; /* last: what is beyond `size` was never written */
};

/* Wipes what was written; `size` must be right. */
void reset_lease_clear(struct reset_lease *lease);

struct reset_begin {
    struct text request_id; /* a UUID's 36 characters */
    uint32_t generation, copy;
    int64_t t0_ms;                 /* Kafka's timestamp of the original record */
    const struct request *request; /* of any method; a change of the password names what it completes */
    int64_t watched_lease_ms;      /* after BUSY: answer->request->lease_ms, ... */
    int64_t watched_ms;            /* ... and for how long it has been that, by the boot-time clock */
    struct text bulk_key_id;       /* whose budget for bulk it is; absent: not in bulk, the actor's */
    struct text bulk_publisher;    /* whose word for that key it is: keys of different publishers differ */
    unsigned char owner[RECORD_OWNER_SIZE]; /* random, new for each lease asked for */
    unsigned char seed[TOKEN_SEED_SIZE];    /* random; wiped by the caller after the answer */
    unsigned char inc[RECORD_INC_SIZE];     /* random */
};

/* LEASE (and `lease` is filled), DONE, BUSY, STALE, MISMATCH.  With the lease: lease->record has kid and seed
 * for token_derive, stored to compare with, inc, expires_ms, tries, maybe_mailed, rebuilt.  STATUS_INVALID: a
 * record cannot be read. */
void reset_store_begin(struct reset_store *store, const struct reset_begin *question,
                       struct reset_lease *lease, reset_store_callback *done, void *context);

struct reset_finish {
    enum finish_result result;
    int64_t now_ms;      /* the answer's now_ms of begin and the boot-time clock's milliseconds since */
    uint32_t copy;       /* PENDING, PARK: the successor copy's number */
    bool maybe_mailed;   /* PENDING, RELEASE, DEAD: this attempt ended uncertain */
    int64_t due_ms;      /* PENDING */
    enum reason reason;  /* DEAD */
    uint32_t reply_code; /* SMTP's last; 0: none */
    struct text enhanced;
};

/* OK, DONE (answer->request is the outcome), LOST, GONE.  No read: one swap. */
void reset_store_finish(struct reset_store *store, struct reset_lease *lease,
                        const struct reset_finish *question, reset_store_callback *done, void *context);

/* NONE, CLAIMED, OK with the token.  `stored` by token_stored.  The caller verifies the mac
 * (reset_token_claims) and the tenant before it answers or redeems. */
void reset_store_check(struct reset_store *store, struct text stored, reset_store_callback *done,
                       void *context);

/* What token_mac_verify wants of a token's record. */
struct token_claims reset_token_claims(const struct token_record *token, struct text stored);

struct reset_redeem {
    struct text stored;
    struct text request_id, tenant, user_id; /* as check gave them, verified */
    unsigned char claim[RECORD_OWNER_SIZE];  /* BLAKE2b-128 of API key id and Idempotency-Key, LP each */
    unsigned char recipient[TOKEN_RECIPIENT_SIZE]; /* of the address the application sent (or the record's: no
                                                      binding) */
    unsigned char mac[TOKEN_MAC_SIZE];             /* as verified */
};

/* OK with token and request, or NONE.  Here, at open_password, revoke and changed OK also means that as many
 * replicas have it as the record store waits for; STATUS_TIMEOUT where they did not say so in time. */
void reset_store_redeem(struct reset_store *store, const struct reset_redeem *question,
                        reset_store_callback *done, void *context);

/* OK: every live link and temporary password of the user is dead, and what was asked for until now will end
 * suppressed, revoked. */
void reset_store_revoke(struct reset_store *store, struct text tenant, struct text user_id,
                        reset_store_callback *done, void *context);

/* The same because the password was changed: a redemption may still be asked again for its answer. */
void reset_store_changed(struct reset_store *store, struct text tenant, struct text user_id,
                         reset_store_callback *done, void *context);

/* A password that is shown, or was given, before its request is published. */
struct reset_stage {
    struct text request_id, tenant, user_id;
    enum method method; /* handed or chosen */
    unsigned char salt[RECORD_SALT_SIZE];
    unsigned char verifier[RECORD_VERIFIER_SIZE]; /* by record_key */
    const struct keyring_key *record_key;
};

/* OK: it waits for its request, instead of an older one for the same; the last that was answered counts.
 * DONE: that request was begun already, so this password will never work. */
void reset_store_stage(struct reset_store *store, const struct reset_stage *question,
                       reset_store_callback *done, void *context);

/* Before a password is weighed: charges the try, whether or not there is such a user.
 * BUSY: it is too early for another try; rest_ms says when.
 * OK: answer->password is what to compare with, NULL where there is none.  The caller verifies its mac, and
 * takes the same time either way.  A lost answer costs a try: asked again, it is BUSY. */
void reset_store_try_password(struct reset_store *store, struct text tenant, struct text user_id,
                              reset_store_callback *done, void *context);

/* What try_password gave, after the password was found right. */
struct reset_open {
    struct text request_id, tenant, user_id;
    unsigned char inc[RECORD_INC_SIZE];
    unsigned char verifier[RECORD_VERIFIER_SIZE];
    const struct keyring_key *record_key; /* the one that the record names */
};

/* OK with password and request: the first success leaves 15 minutes to change it, later ones as much as is
 * left of them.  NONE: it is not the current password any more. */
void reset_store_open_password(struct reset_store *store, const struct reset_open *question,
                               reset_store_callback *done, void *context);

/* OK with the request, or NONE.  request_status says how it stands. */
void reset_store_status(struct reset_store *store, struct text request_id, reset_store_callback *done,
                        void *context);

#endif
