/* What holds in every state, and what has to have come true where nothing is under way any more. */
#include <string.h>

#include "promises.h"

bool state_is_quiet(const struct state *state)
{
    const struct history *history = &state->history;
    for (unsigned i = 0; i < RUNS_MOST; i++)
        if (state->work.runs[i].plan != PLAN_IDLE)
            return false;
    return state->work.message_count == 0 && !history->asking && !history->calls[0].ask &&
           !history->calls[1].ask && !history->ghost.waits;
}

static bool is_password(const struct clerk *clerk, unsigned request)
{
    return clerk_lane(clerk, request) == LANE_PASSWORD;
}

/* The last word of each request; NULL: none. */
static const struct audit *last_word(const struct history *history, unsigned request)
{
    const struct audit *last = NULL;
    for (unsigned i = 0; i < history->audit_count; i++) {
        const struct audit *audit = &history->audits[i];
        if (audit->request == request && (!last || audit->generation > last->generation ||
                                          (audit->generation == last->generation && audit->inc > last->inc)))
            last = audit;
    }
    return last;
}

/* Used, revoked or changed: nothing has to work any more. */
static bool is_spent(const struct history *history, unsigned request)
{
    bool used = false;
    for (unsigned inc = 0; inc <= INCS_MOST; inc++)
        used = used || history->redeemed[request][inc];
    return used || (history->revoked | history->changed) >> request & 1;
}

static bool was_admitted(const struct audit *audit)
{
    return audit && audit->state != REQUEST_SUPPRESSED && audit->reason != REASON_PASSWORD_LAPSED &&
           audit->reason != REASON_TOO_OLD && audit->reason != REASON_NOT_AFTER;
}

static bool has_newer(const struct clerk *clerk, const struct history *history, unsigned request)
{
    for (unsigned other = request + 1; other < clerk->scenario->count; other++) {
        const struct audit *audit = last_word(history, other);
        bool same = clerk->users[other] == clerk->users[request] &&
                    is_password(clerk, other) == is_password(clerk, request) &&
                    clerk_lane(clerk, other) != LANE_NONE;
        bool ended_admitted = audit && (audit->reason == REASON_TOO_OLD ||
                                        audit->reason == REASON_NOT_AFTER || audit->reason == REASON_REVOKED);
        if (same && (was_admitted(audit) || ended_admitted))
            return true;
    }
    return false;
}

static promises works(struct clerk *clerk, const struct state *state, const struct view *view,
                      unsigned request)
{
    const struct history *history = &state->history;
    const struct audit *audit = last_word(history, request);
    const struct seen_request *seen = &view->request[request];
    enum method method = clerk->requests[request].method;
    bool has_lane = clerk_lane(clerk, request) != LANE_NONE;
    if (!has_lane || !was_admitted(audit) || is_spent(history, request) ||
        has_newer(clerk, history, request) || history->minutes >= 24 * 60)
        return 0;
    if (method == METHOD_LINK) {
        bool kept = !(history->lost && history->has_saved) && seen->told.there &&
                    seen->told.state == REQUEST_SENT && seen->told.inc > history->outdated[request] &&
                    audit->state == REQUEST_SENT;
        return kept && !(view->live[request] >> seen->told.inc & 1) ? BROKEN(PROMISE_LINK_WORKS) : 0;
    }
    bool staged = method_traits(method)->staged;
    unsigned secret = staged ? history->shown[request] : audit->state == REQUEST_SENT ? audit->inc : 0;
    const struct seen_user *user = &view->user[clerk->users[request]];
    bool right = user->password_request == request + 1 && user->password_version == secret;
    return !history->lost && secret > history->outdated[request] && !right ? BROKEN(PROMISE_PASSWORD_WORKS)
                                                                           : 0;
}

static promises completed(struct clerk *clerk, const struct state *state, const struct view *view,
                          unsigned request)
{
    const struct scenario *scenario = clerk->scenario;
    unsigned named = scenario->asked[request].completes;
    if (clerk->requests[request].method != METHOD_PASSWORD_CHANGED)
        return 0;
    if (!(state->history.completed >> request & 1))
        return BROKEN(PROMISE_COMPLETED);
    bool owed = named > 0 && !state->history.lost && clerk->users[named - 1] == clerk->users[request] &&
                view->request[request].told.completes == named;
    return owed && !view->request[named - 1].completed ? BROKEN(PROMISE_COMPLETED) : 0;
}

/* Only a change of the same user that names it completes a request. */
static promises foreign(const struct clerk *clerk, const struct view *view)
{
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        bool named = false;
        for (unsigned other = 0; other < clerk->scenario->count; other++)
            named = named || (clerk->scenario->asked[other].completes == request + 1 &&
                              clerk->users[other] == clerk->users[request]);
        if (view->request[request].completed && !named)
            return BROKEN(PROMISE_FOREIGN);
    }
    return 0;
}

static promises at_rest(struct clerk *clerk, const struct state *state, const struct view *view)
{
    const struct history *history = &state->history;
    promises broken = 0;
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        const struct audit *audit = last_word(history, request);
        if (!history->published[request])
            continue;
        if (!audit)
            return BROKEN(PROMISE_NOTHING_LOST);
        broken |= completed(clerk, state, view, request);
        if (audit->state == REQUEST_DEAD && !(history->dead_letters[request] >> audit->generation & 1))
            broken |= BROKEN(PROMISE_DEAD_LETTER);
        bool newest = false;
        for (unsigned lane = 0; lane < 2; lane++)
            newest = newest || history->admitted[clerk->users[request]][lane] == request + 1;
        for (unsigned generation = 0; generation < 8; generation++)
            if (history->replayed[request] >> generation & 1 && newest && !history->lost &&
                audit->generation <= generation)
                broken |= BROKEN(PROMISE_REPLAY);
        bool shown = method_traits(clerk->requests[request].method)->staged && history->shown[request];
        if (shown && audit->reason == REASON_PASSWORD_LAPSED && !history->not_before && !history->lost)
            broken |= BROKEN(PROMISE_SHOWN);
    }
    for (unsigned request = 0; request < clerk->scenario->count && !broken; request++)
        if (history->published[request])
            broken |= works(clerk, state, view, request);
    return broken;
}

static promises growth(const struct clerk *clerk, const struct history *history)
{
    unsigned faults = 3 + clerk->scenario->tiers;
    for (unsigned i = 0; i < BUDGET_COUNT; i++)
        faults += clerk->scenario->budget[i];
    for (unsigned request = 0; request < clerk->scenario->count; request++)
        if (history->copies[request] > faults)
            return BROKEN(PROMISE_GROWTH);
    return 0;
}

static promises seeds(const struct clerk *clerk, const struct view *view)
{
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        const struct seen_request *seen = &view->request[request];
        enum lane lane = clerk_lane(clerk, request);
        bool newest = lane != LANE_NONE && view->user[clerk->users[request]].newest[lane] == request + 1;
        bool wanted = seen->told.state == REQUEST_LEASED ||
                      (seen->told.state == REQUEST_PENDING && seen->told.maybe_mailed);
        if (seen->has_seed && !(wanted && newest))
            return BROKEN(PROMISE_SEED);
    }
    return 0;
}

promises promise_state(struct clerk *clerk, const struct state *state)
{
    const struct history *history = &state->history;
    const struct view *view = view_of(clerk, state);
    promises broken = growth(clerk, history) | seeds(clerk, view) | foreign(clerk, view);
    for (unsigned user = 0; user < USERS_MOST; user++) {
        unsigned tokens = 0;
        for (unsigned request = 0; request < clerk->scenario->count; request++)
            if (clerk->users[request] == user)
                for (unsigned bits = view->kept[request] & ~(unsigned)view->claimed[request]; bits;
                     bits &= bits - 1)
                    tokens++;
        if (tokens > 1)
            broken |= BROKEN(PROMISE_ONE_LINK);
    }
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        const struct seen_user *user = &view->user[clerk->users[request]];
        unsigned working = view->live[request];
        if (user->password_request == request + 1)
            working |= 1U << user->password_version;
        const struct told *told = &view->request[request].told;
        bool unmailed = told->state == REQUEST_SUPPRESSED || told->state == REQUEST_EXPIRED ||
                        told->state == REQUEST_DEAD;
        bool mailed_secret = method_traits(clerk->requests[request].method)->mailed != SECRET_NONE;
        if (working && told->there && unmailed && mailed_secret)
            broken |= BROKEN(PROMISE_ENDED_WORKS);
        if (working & history->killed[request] && !history->lost)
            broken |= BROKEN(PROMISE_STAYS_DEAD);
        for (unsigned inc = 1; inc <= INCS_MOST && is_password(clerk, request) == false; inc++)
            if (history->redeemed[request][inc] & (history->redeemed[request][inc] - 1))
                broken |= BROKEN(PROMISE_ONCE);
    }
    if (view->broken)
        broken |= BROKEN(PROMISE_RECORDS);
    if (state_is_quiet(state))
        broken |= at_rest(clerk, state, view);
    return broken;
}
