/* What holds where a request begins: whether it is held back, limited or leased, and whom it harms. */
#include "promises.h"

#include <string.h>

static bool is_link(const struct clerk *clerk, unsigned request)
{
    return clerk->requests[request].method == METHOD_LINK;
}

/* Whether the request that it was folded into could still bring its link. */
static bool delivers(struct clerk *clerk, const struct state *before, unsigned into)
{
    const struct view *was = view_of(clerk, before);
    const struct told *told = &was->request[into].told;
    if (told->state == REQUEST_PENDING)
        return told->there;
    if (was->request[into].redeemed)
        return false;
    if (is_link(clerk, into))
        return was->live[into] >> told->inc & 1;
    const struct seen_user *user = &was->user[clerk->users[into]];
    return user->password_request == into + 1 && user->password_version == told->inc;
}

static promises folded(struct clerk *clerk, const struct state *before, const struct question *question,
                       const struct told *told)
{
    const struct view *was = view_of(clerk, before);
    const struct seen_user *user = &was->user[clerk->users[question->request]];
    if (told->reason != REASON_COALESCED && told->reason != REASON_ADMIN_LINK)
        return 0;
    unsigned newest = user->newest[clerk_lane(clerk, question->request)];
    if (newest == question->request + 1U)
        return BROKEN(PROMISE_ITSELF);
    if (newest == 0 || told->into != newest || !delivers(clerk, before, newest - 1))
        return BROKEN(PROMISE_FOLDED);
    bool held = told->reason == REASON_ADMIN_LINK;
    const struct asked *asked = clerk->scenario->asked;
    if (held && (asked[question->request].admin || !asked[newest - 1].admin))
        return BROKEN(PROMISE_GRACE);
    return 0;
}

static promises harmless(struct clerk *clerk, const struct state *before, const struct state *after,
                         const struct told *told)
{
    const struct view *was = view_of(clerk, before), *is = view_of(clerk, after);
    if (told->state != REQUEST_SUPPRESSED && told->state != REQUEST_EXPIRED)
        return 0;
    for (unsigned user = 0; user < USERS_MOST; user++)
        if (was->user[user].password_request != is->user[user].password_request ||
            was->user[user].password_version != is->user[user].password_version)
            return BROKEN(PROMISE_KILLS_NOTHING);
    return memcmp(was->live, is->live, sizeof was->live) == 0 ? 0 : BROKEN(PROMISE_KILLS_NOTHING);
}

/* The limits, counted beside the records. */
static promises counted(struct clerk *clerk, const struct state *before, struct state *after,
                        const struct question *question, const struct answer *answer)
{
    const struct scenario *scenario = clerk->scenario;
    const struct asked *asked = &scenario->asked[question->request];
    struct history *history = &after->history;
    bool notice = clerk_lane(clerk, question->request) == LANE_NONE, admin = asked->admin;
    unsigned user = clerk->users[question->request], limits[3], reason = answer->told.reason;
    unsigned mailbox = budget_of_mailbox(scenario, question->request);
    uint8_t none = 0,
            *counts[3] = {notice ? &history->noticed_user[user] : &history->counted_user[user][admin],
                          notice ? &history->noticed_mailbox[mailbox] : &history->counted_mailbox[mailbox],
                          &none};
    limits[0] = notice ? scenario->per_notice : scenario->per_user;
    limits[1] = notice ? scenario->per_notice : scenario->per_recipient;
    limits[2] = asked->bulk ? scenario->per_bulk : scenario->per_actor;
    if (notice || (!admin && scenario->per_user > 0))
        limits[2] = 0;
    else
        counts[2] = &history->counted_actor[budget_of_actor(scenario, question->request)];
    bool full = false;
    for (unsigned i = 0; i < 3; i++)
        full = full || (limits[i] > 0 && *counts[i] >= limits[i]);
    bool there = view_of(clerk, before)->request[question->request].told.there;
    if (history->lost > 1)
        return 0;
    if (answer->verdict == VERDICT_LEASE && !there) {
        for (unsigned i = 0; i < 3; i++)
            ++*counts[i];
        return full ? BROKEN(PROMISE_LIMIT) : 0;
    }
    bool limited = reason == REASON_USER_LIMIT || reason == REASON_RECIPIENT_LIMIT ||
                   reason == REASON_ACTOR_LIMIT || reason == REASON_BULK_LIMIT ||
                   reason == REASON_NOTICE_LIMIT;
    const struct told *was = &view_of(clerk, before)->request[question->request].told;
    bool told_before = there && was->reason == reason; /* the same end, told again */
    return limited && !told_before && (there || !full) ? BROKEN(PROMISE_ROOM) : 0;
}

static bool has_newer_copy(const struct state *state, const struct question *question)
{
    for (unsigned i = 0; i < state->work.message_count; i++) {
        const struct message *message = &state->work.messages[i];
        if (message->request == question->request && message->generation == question->generation &&
            message->copy > question->copy)
            return true;
    }
    return false;
}

static bool is_over(const struct clerk *clerk, const struct history *history, unsigned request)
{
    int64_t now_ms = clerk_now(history->minutes), not_after_ms = clerk->requests[request].not_after_ms;
    bool again = history->lost == 1 && history->published[request] == 1;
    return now_ms >= clerk_t0(request, again) + DECISION_LIFE_MS ||
           (not_after_ms > 0 && now_ms >= not_after_ms);
}

/* A lease: whoever has it is about to mail. */
static promises leased(struct clerk *clerk, const struct state *before, struct state *after,
                       const struct question *question, const struct answer *answer)
{
    struct history *history = &after->history;
    const struct told *was = &view_of(clerk, before)->request[question->request].told;
    unsigned request = question->request, user = clerk->users[request];
    enum lane lane = clerk_lane(clerk, request);
    uint16_t bit = (uint16_t)(1U << answer->told.inc);
    promises broken = 0;
    bool secret = method_traits(clerk->requests[request].method)->mailed != SECRET_NONE;
    if (was->there && was->state == REQUEST_PENDING && was->tries > 0 && has_newer_copy(before, question))
        broken |= BROKEN(PROMISE_TIER);
    if (history->redeemed[request][answer->told.inc] && is_link(clerk, request))
        broken |= BROKEN(PROMISE_REDEEMED_MAILED);
    if (secret && answer->told.inc <= history->outdated[request])
        broken |= BROKEN(PROMISE_NOT_BEFORE);
    if (is_over(clerk, history, request))
        broken |= BROKEN(PROMISE_EXPIRED);
    if (history->lost)
        return broken;
    if (history->confirmed[request] & bit)
        broken |= BROKEN(PROMISE_TOLD_SENT);
    if (lane == LANE_NONE)
        return broken;
    if (history->revoked >> request & 1 || history->changed >> request & 1)
        broken |= BROKEN(PROMISE_REVOKED);
    if (request + 1 < history->admitted[user][lane])
        broken |= BROKEN(PROMISE_OLDER_ENDS);
    if (!was->there && history->admitted[user][lane] < request + 1)
        history->admitted[user][lane] = (uint8_t)(request + 1);
    return broken;
}

/* What would have been held back by an older request of its lane that can deliver. */
static promises hurried(struct clerk *clerk, const struct state *before, const struct question *question)
{
    const struct view *was = view_of(clerk, before);
    const struct asked *asked = &clerk->scenario->asked[question->request];
    enum lane lane = clerk_lane(clerk, question->request);
    if (was->request[question->request].told.there || lane == LANE_NONE || clerk->scenario->windows_over)
        return 0;
    const struct seen_user *user = &was->user[clerk->users[question->request]];
    unsigned newest = user->newest[lane];
    if (newest == 0 || newest == question->request + 1U || !delivers(clerk, before, newest - 1))
        return 0;
    const struct asked *other = &clerk->scenario->asked[newest - 1];
    bool waits = was->request[newest - 1].told.state == REQUEST_PENDING; /* perhaps for longer than that */
    if (lane == LANE_LINK && user->grace && !asked->admin)
        return other->admin ? BROKEN(PROMISE_HELD_BACK) : 0;
    bool same =
        asked->admin == other->admin && asked->method == other->method &&
        method_traits(asked->method)->coalesces && clerk->requests[question->request].user_email.size > 0 &&
        text_equal(clerk->requests[question->request].user_email, clerk->requests[newest - 1].user_email);
    return same && user->folds[lane] && !waits ? BROKEN(PROMISE_PRESSED_TWICE) : 0;
}

static promises changed(struct clerk *clerk, const struct state *before, struct state *after,
                        unsigned request)
{
    const struct view *was = view_of(clerk, before), *is = view_of(clerk, after);
    if (was->request[request].told.there || clerk_lane(clerk, request) != LANE_NONE)
        return 0;
    promises broken = 0;
    for (unsigned other = 0; other < clerk->scenario->count; other++) {
        bool same_user = clerk->users[other] == clerk->users[request];
        const struct seen_user *user = &is->user[clerk->users[other]];
        bool works = is->live[other] || user->password_request == other + 1;
        if (same_user && other < request) {
            after->history.changed |= (uint8_t)(1U << other);
            broken |= works ? BROKEN(PROMISE_CHANGED_NOW) : 0;
        }
        if ((!same_user || other > request) && was->live[other] != is->live[other])
            broken |= BROKEN(PROMISE_CHANGED_LATER);
    }
    return broken;
}

promises promise_begun(struct clerk *clerk, const struct state *before, struct state *after,
                       const struct question *question, const struct answer *answer)
{
    promises broken = promise_swapped(clerk, before, after) | promise_answered(answer);
    if (answer->status != STATUS_OK)
        return broken;
    broken |= changed(clerk, before, after, question->request);
    if (answer->verdict != VERDICT_LEASE && answer->verdict != VERDICT_DONE)
        return broken;
    bool there = view_of(clerk, before)->request[question->request].told.there;
    broken |= counted(clerk, before, after, question, answer);
    if (answer->verdict == VERDICT_LEASE)
        return broken | hurried(clerk, before, question) | leased(clerk, before, after, question, answer);
    if (!there) {
        broken |= folded(clerk, before, question, &answer->told);
        if (clerk_lane(clerk, question->request) != LANE_NONE)
            broken |= harmless(clerk, before, after, &answer->told);
    }
    return broken;
}
