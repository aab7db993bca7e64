/* What is explored: who asks for what, how many workers run, and which faults strike how often.  All of them
 * are read from scenarios.txt; nothing in the code knows a scenario by its name. */
#ifndef EXPLORE_SCENARIO_H
#define EXPLORE_SCENARIO_H

#include "core/protocol/decision.h"

enum { REQUESTS_MOST = 4, RUNS_MOST = 3, USERS_MOST = 2, INCS_MOST = 15, SCENARIO_WORD = 24 };

/* How often something may happen. */
enum budget {
    KILLS,        /* of a worker, kill -9 */
    LEASES,       /* that end while their run lives: it was stopped, or Redis was not reached */
    LOSSES,       /* of all that Redis has */
    LOST_REPLIES, /* of Redis, after it did what was asked */
    LOST_ACKS,    /* of Kafka, after it has the record */
    REBALANCES,   /* a partition goes elsewhere, its run goes on for a while */
    REFUSALS_4XX,
    REFUSALS_5XX,
    CUTS, /* between the final dot and its reply */
    REDEMPTIONS,
    REPLAYS, /* of dead letters */
    ENDS,    /* of requests that have an end of their own; or a day goes by */
    UNREACHABLE,
    DELAYED,   /* swaps of begin, still in the network when it is asked again */
    FALLBACKS, /* of Redis to an earlier state */
    REVOCATIONS,
    NOT_BEFORE, /* token.not_before is set to now */
    STAGINGS,   /* of a request that was asked for already */
    TRIES,      /* of temporary passwords */
    PERIODS,    /* that end, of the limits */
    BUDGET_COUNT
};

/* One request, or notice of a changed password. */
struct asked {
    enum method method;
    bool admin, bulk; /* an administrator asks; for many, with a key */
    bool other_user, other_company, shared_address;
    bool unknown;       /* nobody has that address */
    bool ends;          /* not_after comes when the scenario's clock moves on */
    unsigned completes; /* of a change: the number of the request it names, plus 1 */
};

struct scenario {
    char name[32], about[120], falls[200];
    struct asked asked[REQUESTS_MOST];
    unsigned count;
    char runs[RUNS_MOST + 1];                          /* the worker of each run: A or B */
    bool is_short, ordered, torn, parks, early, rests; /* as scenarios.txt says */
    bool windows_over;
    unsigned tiers, per_user, per_recipient, per_actor, per_bulk, per_notice;
    uint8_t budget[BUDGET_COUNT];
};

struct scenarios {
    struct scenario *all;
    size_t count;
};

/* False, with a sentence on stderr, where the file cannot be read or says what nobody knows. */
bool scenarios_read(const char *file, struct scenarios *scenarios);
const struct scenario *scenarios_find(const struct scenarios *scenarios, const char *name);

/* What limits count, each under the number of the first request that shares it. */
unsigned budget_of_mailbox(const struct scenario *scenario, unsigned request);
unsigned budget_of_actor(const struct scenario *scenario, unsigned request);

#endif
