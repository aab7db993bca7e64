/* What a shelf says, by numbers: which links and passwords work, and how each request stands. */
#ifndef EXPLORE_VIEW_H
#define EXPLORE_VIEW_H

#include "state.h"

struct seen_request {
    struct told told;
    uint8_t owner; /* its lease's, as in questions; 0: none */
    bool lease_runs, has_seed, completed, redeemed;
};

struct seen_user {
    uint8_t newest[LANE_COUNT]; /* the request's number plus 1; 0: none or revoked */
    uint8_t admin[LANE_COUNT];
    bool has_window, folds[LANE_COUNT], grace;  /* the times in which a newer request is held back */
    uint8_t password_request, password_version; /* what counts; request plus 1; 0: none */
    bool delayed;                               /* a try has to wait */
};

struct view {
    struct seen_request request[REQUESTS_MOST];
    struct seen_user user[USERS_MOST];
    uint16_t live[REQUESTS_MOST], claimed[REQUESTS_MOST],
        kept[REQUESTS_MOST]; /* links: that work, that were redeemed, any */
    bool counted;            /* by a limit */
    bool broken;             /* a record cannot be read */
};

const struct view *view_of(struct clerk *clerk, const struct state *state);

/* What passes by itself, or a run that is over (its owner never asks again, so one number stands for all
 * such); the shelf afterwards. `whose`: a request's, user's or owner's number. */
enum passing { PASS_LEASE, PASS_WINDOWS, PASS_CLAIMS, PASS_DELAY, PASS_PERIODS, PASS_TIME, PASS_OWNER };
uint32_t pass(struct clerk *clerk, enum passing passing, uint32_t shelf, unsigned whose, uint16_t minutes);

/* Nothing is stored any more, or yet. */
uint32_t pass_loss(struct clerk *clerk, uint16_t minutes, bool first);

#endif
