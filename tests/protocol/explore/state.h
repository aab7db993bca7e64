/* One moment of the whole world: what Kafka has, where each run is, what is stored, and what has happened so
 * far as far as a promise speaks of it.  All parts are hashed as bytes: no padding, and no two spellings of
 * the same moment. */
#ifndef EXPLORE_STATE_H
#define EXPLORE_STATE_H

#include "clerk.h"

enum { MESSAGES_MOST = 12, AUDITS_MOST = 16 };

struct message {
    uint8_t request, generation, copy;
};

enum plan_number {
    PLAN_IDLE,
    PLAN_AGAIN,
    PLAN_SENT,
    PLAN_RETRY,
    PLAN_PENDING,
    PLAN_DEAD,
    PLAN_BURY,
    PLAN_TOLD,
    PLAN_COMPLETE,
    PLAN_HOLD,
    PLAN_RELEASE,
    PLAN_PARK,
    PLAN_STOP,
    PLAN_COMPLETION_MAIL,
    PLAN_COMPLETION_TOLD,
    PLAN_COMPLETION_BURY,
    PLAN_COUNT
};

enum mail_phase { PHASE_READY, PHASE_CHECKED, PHASE_AT_DOT };

enum relay_answer { RELAY_NONE, RELAY_250, RELAY_4XX, RELAY_5XX, RELAY_CUT_ACCEPTED, RELAY_CUT_REFUSED };

/* A worker's job, as far as Redis, Kafka and the relay can tell. */
struct run {
    uint8_t plan, at; /* the step under way */
    struct message message;
    uint8_t candidate, reads; /* of the question under way; 0: it was not asked yet */
    uint8_t inc, tries;       /* of the lease */
    uint8_t has_lease, lease_ok;
    uint8_t phase, relay;
    uint8_t revoked, parked;
    uint8_t result, finish_maybe, finish_due, deferred;
    struct told told; /* the ending that it will tell */
    uint8_t told_after_loss, unused;
    uint32_t belief, read[2];
};

struct audit {
    uint8_t request, generation, inc, state, reason, maybe_mailed, rebuilt, after_loss;
};

/* A question of the producer's under way: somebody redeems, revokes, changes a password. */
struct call {
    uint8_t ask; /* plus 1; 0: none */
    uint8_t request, inc, key, reads;
    uint8_t again; /* it was done, and its answer lost */
    uint8_t unused[2];
    uint32_t read[2];
};

struct guess {
    uint8_t request, version, inc, right; /* request plus 1; 0: none */
};

struct ghost { /* a swap of begin, still in the network */
    uint8_t waits, owner, inc, unused;
    struct message message;
    uint8_t unused_too;
    uint32_t read;
};

struct history {
    uint16_t minutes, not_before;
    uint8_t budget[BUDGET_COUNT];
    uint8_t published[REQUESTS_MOST]; /* 1, and 2 where Redis was lost since */
    uint8_t minted[REQUESTS_MOST];    /* links and passwords so far */
    uint8_t outdated[REQUESTS_MOST];  /* how many of them token.not_before has outdated */
    uint8_t mails[REQUESTS_MOST][INCS_MOST + 1];
    uint8_t redeemed[REQUESTS_MOST][INCS_MOST + 1];               /* by whom: a bit for each key */
    uint16_t killed[REQUESTS_MOST];                               /* a bit for each link or password */
    uint16_t confirmed[REQUESTS_MOST];                            /* whose 250 was told to Redis */
    uint8_t allowed[REQUESTS_MOST];                               /* extra mails that a fault explains */
    uint8_t copies[REQUESTS_MOST];                                /* written to Kafka */
    uint8_t admitted[USERS_MOST][2];                              /* the highest number, plus 1, by lane */
    uint8_t dead_letters[REQUESTS_MOST], replayed[REQUESTS_MOST]; /* a bit for each generation */
    uint8_t shown[REQUESTS_MOST];                                 /* version of the password */
    uint8_t counted_user[USERS_MOST][2], counted_mailbox[REQUESTS_MOST], counted_actor[REQUESTS_MOST];
    uint8_t noticed_user[USERS_MOST], noticed_mailbox[REQUESTS_MOST];
    uint8_t lost;                        /* 1: all; 2: what was stored since it was last on disk */
    uint8_t revoked, changed, completed; /* a bit for each request: it was revoked; the password was changed
                                            since; it told so */
    uint8_t asking, asking_step, asking_version; /* request plus 1 */
    uint8_t weighed;
    struct guess guesses[2];
    uint8_t unused[2];
    struct call calls[2];
    struct ghost ghost;
    uint32_t saved; /* the shelf that Redis may fall back to */
    uint8_t has_saved, audit_count;
    struct audit audits[AUDITS_MOST];
    uint8_t unused_too[2];
};

struct work {
    uint8_t message_count, unused[3];
    struct message messages[MESSAGES_MOST];
    struct run runs[RUNS_MOST];
};

struct state {
    uint32_t shelf;
    struct work work;
    struct history history;
};

/* Nothing between the members, or equal moments would differ. */
_Static_assert(sizeof(struct question) == 36, "a question has no padding");
_Static_assert(sizeof(struct run) == 44, "a run has no padding");
_Static_assert(offsetof(struct history, calls) == 240 && sizeof(struct history) == 420,
               "a history has no padding");

#endif
