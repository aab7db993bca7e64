/* One-line questions to the protocol, over any record store: requests, owners and links have small numbers,
 * the keys are fixed, and answers are copied out of their callback. */
#ifndef TESTS_UNIT_SUPPORT_DESK_H
#define TESTS_UNIT_SUPPORT_DESK_H

#include "core/protocol/reset_store.h"

enum { DESK_REQUESTS = 64, DESK_ID_SIZE = 37 };

struct desk {
    struct record_store port;
    struct reset_store *store;
    struct keyring *token_keys, *record_keys;
    void (*wait)(void *context, const bool *answered); /* NULL: the port answers at once */
    void *wait_context;
};

struct desk_answer {
    bool answered;
    enum status status;
    enum verdict verdict;
    int64_t now_ms, rest_ms;
    bool has_request, has_token;
    enum request_state state;
    enum reason reason;
    uint32_t generation, copy, tries, lost, reply_code;
    bool maybe_mailed, rebuilt, has_seed, has_owner;
    int64_t expires_ms, lease_ms;
    enum method method;
    int64_t made_ms, due_ms, redeemed_ms, completed_ms;
    char completes[DESK_ID_SIZE];
    bool has_password, password_unreadable;
    struct password_record password; /* without its texts */
    char password_of[DESK_ID_SIZE];  /* its request */
    char into[DESK_ID_SIZE], stored[TOKEN_STORED_LENGTH + 1];
    unsigned char inc[RECORD_INC_SIZE], mac[TOKEN_MAC_SIZE], recipient[TOKEN_RECIPIENT_SIZE];
    struct reset_lease lease; /* LEASE: for the next finish */
};

/* `settings` without keys; may be NULL for no limits at all. */
void desk_open(struct desk *desk, const struct record_store *port,
               const struct reset_store_settings *settings);
void desk_close(struct desk *desk);

/* The id of request `number`. */
struct text desk_id(unsigned number, char id[DESK_ID_SIZE]);

struct desk_begin {
    unsigned request, generation, copy;
    unsigned owner, inc; /* the seed goes with the inc */
    int64_t t0_ms, not_after_ms;
    int64_t watched_lease_ms, watched_ms;
    bool by_admin, unknown_user;
    enum method method;
    unsigned completes;    /* a change of the password: the request it names; 0: none, else its number + 1 */
    const char *bulk;      /* the key whose budget for bulk it is */
    const char *publisher; /* whose word for that key it is; NULL: the usual one */
    const char *tenant, *user, *email, *locale,
        *actor; /* NULL: the usual one; another locale makes another body */
};

/* Ask and wait for the answer. */
void desk_start(struct desk *desk);
void desk_begin(struct desk *desk, const struct desk_begin *question, struct desk_answer *answer);
void desk_finish(struct desk *desk, struct reset_lease *lease, const struct reset_finish *question,
                 struct desk_answer *answer);
void desk_check(struct desk *desk, const char *stored, struct desk_answer *answer);
void desk_revoke(struct desk *desk, struct desk_answer *answer);
void desk_changed(struct desk *desk, struct desk_answer *answer);
void desk_status(struct desk *desk, unsigned request, struct desk_answer *answer);

/* Keeps password `version` of the usual user for a request; charges a try; opens what an answer showed. */
struct desk_stage {
    unsigned request, version;
    enum method method;
    const char *user;
};
void desk_stage(struct desk *desk, const struct desk_stage *question, struct desk_answer *answer);
void desk_try(struct desk *desk, const char *user, struct desk_answer *answer);
void desk_open_password(struct desk *desk, const struct desk_answer *tried, const char *user,
                        struct desk_answer *answer);

/* Whether a verifier was staged as this version. */
bool desk_is_version(const unsigned char verifier[RECORD_VERIFIER_SIZE], unsigned version);

/* Redeems the link of the usual user by caller `key`, as check described it. */
struct desk_redeem {
    const char *stored;
    unsigned request, key;
    const unsigned char *recipient, *mac;
    const char *user;
};
void desk_redeem(struct desk *desk, const struct desk_redeem *question, struct desk_answer *answer);

/* Ask without waiting: the question must stay until answer->answered. */
struct desk_pending {
    struct request request;
    struct reset_begin begin;
    struct reset_redeem redeem;
    char id[DESK_ID_SIZE];
    struct desk_answer *answer;
};
void desk_ask_begin(struct desk *desk, const struct desk_begin *question, struct desk_pending *pending,
                    struct desk_answer *answer);
void desk_ask_redeem(struct desk *desk, const struct desk_redeem *question, struct desk_pending *pending,
                     struct desk_answer *answer);

/* Takes a lease that nobody was given: what a run that lost it, or a wrong one, would say. */
void desk_forge_lease(struct reset_lease *lease, unsigned request, unsigned owner, unsigned inc,
                      struct text bytes);

/* Whether the answer is about the link made with this inc. */
bool desk_is_inc(const struct desk_answer *answer, unsigned inc);

#endif
