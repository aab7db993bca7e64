/* What holds at every step.  Written from the promises, not from the code: what the code did is read off the
 * store before and after. */
#include "promises.h"

#include <string.h>

const char *const promise_words[PROMISE_COUNT] = {
    [PROMISE_ONE_OUTCOME] = "a request has one terminal outcome for each replay",
    [PROMISE_STAYS_ENDED] = "what has ended stays so, but for a replay of what was dead",
    [PROMISE_REBUILT] = "of two outcomes around a loss of Redis one says that it was rebuilt",
    [PROMISE_EXPIRED] = "nothing is knowingly mailed after its end",
    [PROMISE_TRUE_SENT] = "the audit says sent only of what was mailed",
    [PROMISE_TRUE_UNSENT] = "an outcome other than sent says maybe_mailed where a mail is out",
    [PROMISE_TRUE_AFTER_LOSS] = "after a loss of Redis no outcome hides an earlier mail",
    [PROMISE_TRUE_LATER] = "nothing is mailed after an outcome that is not sent and not maybe_mailed",
    [PROMISE_OWNER] = "the mail of the rightful lease holder was accepted, so the outcome is sent",
    [PROMISE_NOTHING_LOST] = "what was published has a terminal outcome when all is at rest",
    [PROMISE_REPLAY] = "a replayed dead letter gets another outcome",
    [PROMISE_DEAD_LETTER] = "what is dead is in the dead-letter topic",
    [PROMISE_NOTICE] = "the notice of a change is suppressed by its own limit alone",
    [PROMISE_COMPLETED] = "a change of the password is told, and marks the request that led to it",
    [PROMISE_EXTRA_MAIL] =
        "an extra mail goes out only where a fault between dot and stored finish explains it",
    [PROMISE_SAME_LINK] = "an extra mail carries the same link",
    [PROMISE_FEW_LINKS] = "a loss of Redis, a replay or token.not_before brings one new link at most",
    [PROMISE_AFTER_SENT] = "nothing is mailed again after the audit said sent",
    [PROMISE_TOLD_SENT] = "no run goes on to mail what Redis was told is accepted",
    [PROMISE_KNOWN_LINK] = "no mail leaves without its stored hash",
    [PROMISE_ONE_LINK] = "a user has one live link at most",
    [PROMISE_STAYS_DEAD] = "a killed or redeemed secret never works again",
    [PROMISE_OLDER_ENDS] = "an older request does not go on after a newer one was admitted",
    [PROMISE_REVOKED] = "what was asked for before a revocation or a change does not go on",
    [PROMISE_ASKED_LATER] = "what was asked for after a revocation or a change is not revoked",
    [PROMISE_NOT_BEFORE] = "no link is mailed that token.not_before has outdated",
    [PROMISE_REVOKED_NOW] = "a revocation leaves nothing of the user that works",
    [PROMISE_CHANGED_NOW] = "a change leaves no older link or password that works",
    [PROMISE_CHANGED_LATER] = "a change leaves alone what was asked for after it",
    [PROMISE_REVOKED_REDEEMED] = "a revoked link is not redeemed",
    [PROMISE_DEAD_REDEEMED] = "a dead link is not redeemed",
    [PROMISE_LINK_WORKS] = "the link of the newest sent request works until it is used",
    [PROMISE_PASSWORD_WORKS] = "the newest temporary password, shown or sent, works until it is used",
    [PROMISE_DEAD_PASSWORD] = "a superseded, revoked or dead password is not accepted",
    [PROMISE_SHOWN] = "a password that was shown does not lapse",
    [PROMISE_ENDED_WORKS] = "what ended without a mail has no secret that works",
    [PROMISE_OUTDATED] = "what token.not_before has outdated is not accepted",
    [PROMISE_REDEEMED_MAILED] = "no run goes on to mail a link that was redeemed",
    [PROMISE_ONCE] = "a link is redeemed once",
    [PROMISE_ASKED_AGAIN] = "a redemption whose answer was lost can be asked again",
    [PROMISE_FOLDED] = "a request is folded only into one that can still deliver",
    [PROMISE_ITSELF] = "a request is not folded into itself",
    [PROMISE_GRACE] = "only an administrator's live link holds a user's own request back",
    [PROMISE_HELD_BACK] = "an administrator's fresh link is not replaced by the user's own request",
    [PROMISE_PRESSED_TWICE] = "a request right after one that delivers the same is folded into it",
    [PROMISE_FOREIGN] = "a change completes no request but the one it names, of its own user",
    [PROMISE_KILLS_NOTHING] = "what is suppressed or expired kills nothing",
    [PROMISE_LIMIT] = "no more is admitted than a limit allows",
    [PROMISE_ROOM] = "a limit suppresses nothing while it has room",
    [PROMISE_TRY] = "within one delay one try is weighed",
    [PROMISE_FIRST_STAGED] = "whoever asks first is not told that it was asked already",
    [PROMISE_TIER] = "a redelivered original does not overtake its waiting retry copy",
    [PROMISE_GROWTH] = "copies in Kafka grow by faults and attempts alone",
    [PROMISE_SEED] = "a seed is kept only while its request is unfinished",
    [PROMISE_RECORDS] = "every record can be read",
    [PROMISE_EXPIRY] = "every record has an end, a token's within its day",
    [PROMISE_REST] = "from every state all can come to rest without a further fault",
};

static unsigned user_of(const struct clerk *clerk, unsigned request)
{
    return clerk->users[request];
}

static bool is_link(const struct clerk *clerk, unsigned request)
{
    return clerk->requests[request].method == METHOD_LINK;
}

static enum lane lane_of(const struct clerk *clerk, unsigned request)
{
    return method_traits(clerk->requests[request].method)->lane;
}

static const struct view *sight(struct clerk *clerk, const struct state *state)
{
    return view_of(clerk, state->shelf, state->history.minutes, state->history.not_before);
}

static promises ended_otherwise(const struct clerk *clerk, const struct view *was, const struct view *is)
{
    for (unsigned request = 0; request < clerk->scenario->count; request++) {
        const struct told *old = &was->request[request].told, *new = &is->request[request].told;
        bool replayed = old->state == REQUEST_DEAD && new->generation > old->generation;
        bool ended = old->there && request_state_is_terminal(old->state);
        bool forgot = was->request[request].redeemed && !is->request[request].redeemed;
        if (forgot || (ended && !replayed && (new->state != old->state || !new->there)))
            return BROKEN(PROMISE_STAYS_ENDED);
    }
    return 0;
}

promises promise_swapped(struct clerk *clerk, const struct state *before, struct state *after)
{
    const struct view *was = sight(clerk, before), *is = sight(clerk, after);
    for (unsigned request = 0; request < clerk->scenario->count; request++)
        after->history.killed[request] |= (uint16_t)((was->live[request] & ~(unsigned)is->live[request]) |
                                                     (was->kept[request] & ~(unsigned)is->kept[request]));
    for (unsigned user = 0; user < USERS_MOST; user++) {
        const struct seen_user *old = &was->user[user], *new = &is->user[user];
        bool same =
            old->password_request == new->password_request && old->password_version == new->password_version;
        if (old->password_request > 0 && !same)
            after->history.killed[old->password_request - 1] |= (uint16_t)(1U << old->password_version);
    }
    return ended_otherwise(clerk, was, is) | (is->broken ? BROKEN(PROMISE_RECORDS) : 0);
}

promises promise_answered(const struct answer *answer)
{
    promises broken = answer->wrote_badly ? BROKEN(PROMISE_EXPIRY) : 0;
    return answer->status == STATUS_OK ? broken : broken | BROKEN(PROMISE_RECORDS);
}

/* Whether the request that it was folded into could still bring its link. */
static bool delivers(struct clerk *clerk, const struct state *before, unsigned into)
{
    const struct view *was = sight(clerk, before);
    const struct told *told = &was->request[into].told;
    if (told->state == REQUEST_PENDING)
        return told->there;
    if (was->request[into].redeemed)
        return false;
    if (is_link(clerk, into))
        return was->live[into] >> told->inc & 1;
    const struct seen_user *user = &was->user[user_of(clerk, into)];
    return user->password_request == into + 1 && user->password_version == told->inc;
}

static promises folded(struct clerk *clerk, const struct state *before, const struct question *question,
                       const struct told *told)
{
    const struct view *was = sight(clerk, before);
    const struct seen_user *user = &was->user[user_of(clerk, question->request)];
    if (told->reason != REASON_COALESCED && told->reason != REASON_ADMIN_LINK)
        return 0;
    unsigned newest = user->newest[lane_of(clerk, question->request)];
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
    const struct view *was = sight(clerk, before), *is = sight(clerk, after);
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
    bool notice = lane_of(clerk, question->request) == LANE_NONE, admin = asked->admin;
    unsigned user = user_of(clerk, question->request), limits[3], reason = answer->told.reason;
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
    bool there = sight(clerk, before)->request[question->request].told.there;
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
    const struct told *was = &sight(clerk, before)->request[question->request].told;
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
    const struct told *was = &sight(clerk, before)->request[question->request].told;
    unsigned request = question->request, user = user_of(clerk, request);
    enum lane lane = lane_of(clerk, request);
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
    const struct view *was = sight(clerk, before);
    const struct asked *asked = &clerk->scenario->asked[question->request];
    enum lane lane = lane_of(clerk, question->request);
    if (was->request[question->request].told.there || lane == LANE_NONE || clerk->scenario->windows_over)
        return 0;
    const struct seen_user *user = &was->user[user_of(clerk, question->request)];
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
    const struct view *was = sight(clerk, before), *is = sight(clerk, after);
    if (was->request[request].told.there || lane_of(clerk, request) != LANE_NONE)
        return 0;
    promises broken = 0;
    for (unsigned other = 0; other < clerk->scenario->count; other++) {
        bool same_user = user_of(clerk, other) == user_of(clerk, request);
        const struct seen_user *user = &is->user[user_of(clerk, other)];
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
    bool there = sight(clerk, before)->request[question->request].told.there;
    broken |= counted(clerk, before, after, question, answer);
    if (answer->verdict == VERDICT_LEASE)
        return broken | hurried(clerk, before, question) | leased(clerk, before, after, question, answer);
    if (!there) {
        broken |= folded(clerk, before, question, &answer->told);
        if (lane_of(clerk, question->request) != LANE_NONE)
            broken |= harmless(clerk, before, after, &answer->told);
    }
    return broken;
}

static unsigned replays(const struct history *history, unsigned request)
{
    unsigned count = 0;
    for (unsigned bits = history->replayed[request]; bits; bits &= bits - 1)
        count++;
    return count;
}

promises promise_mailed(struct clerk *clerk, struct state *after, unsigned request, unsigned inc)
{
    struct history *history = &after->history;
    const struct view *view = sight(clerk, after);
    const struct seen_user *user = &view->user[user_of(clerk, request)];
    enum method_secret secret = method_traits(clerk->requests[request].method)->mailed;
    promises broken = 0;
    unsigned different = 0, times = ++history->mails[request][inc];
    for (unsigned each = 1; each <= INCS_MOST; each++)
        different += history->mails[request][each] > 0;
    bool known =
        secret == SECRET_NONE || inc <= history->outdated[request] || history->killed[request] >> inc & 1 ||
        (secret == SECRET_TOKEN && view->kept[request] >> inc & 1) ||
        (secret == SECRET_PASSWORD && user->password_request == request + 1 && user->password_version == inc);
    if (!known && !history->lost)
        broken |= BROKEN(PROMISE_KNOWN_LINK);
    const uint8_t *budget = clerk->scenario->budget;
    unsigned again = replays(history, request);
    if (different > 1U + budget[NOT_BEFORE] + budget[LOSSES] + budget[FALLBACKS] + again)
        broken |= BROKEN(PROMISE_FEW_LINKS);
    if (times > 1 && times - 1 > history->allowed[request])
        broken |= BROKEN(PROMISE_EXTRA_MAIL);
    if (different > 1 && !history->lost && !history->not_before && again == 0)
        broken |= BROKEN(PROMISE_SAME_LINK);
    for (unsigned i = 0; i < history->audit_count; i++) {
        const struct audit *audit = &history->audits[i];
        if (audit->request != request || audit->inc != inc)
            continue;
        if (audit->state != REQUEST_SENT && !audit->maybe_mailed)
            broken |= BROKEN(PROMISE_TRUE_LATER);
        if (audit->state == REQUEST_SENT && history->allowed[request] < times - 1)
            broken |= BROKEN(PROMISE_AFTER_SENT);
    }
    return broken;
}

static promises contradicted(const struct history *history, const struct audit *audit)
{
    for (unsigned i = 0; i < history->audit_count; i++) {
        const struct audit *other = &history->audits[i];
        if (other->request == audit->request && other->generation == audit->generation &&
            other->state != audit->state) {
            if (other->inc == audit->inc || !history->lost)
                return BROKEN(PROMISE_ONE_OUTCOME);
            if (history->lost == 1 && !other->rebuilt && !audit->rebuilt)
                return BROKEN(PROMISE_REBUILT);
        }
    }
    return 0;
}

static void note_audit(struct history *history, const struct audit *audit)
{
    unsigned at = 0;
    while (at < history->audit_count && memcmp(&history->audits[at], audit, sizeof *audit) < 0)
        at++;
    if (at < history->audit_count && memcmp(&history->audits[at], audit, sizeof *audit) == 0)
        return;
    if (history->audit_count == AUDITS_MOST)
        return; /* a run of faults without end would be cut off by the budgets long before */
    memmove(&history->audits[at + 1], &history->audits[at], (history->audit_count - at) * sizeof *audit);
    history->audits[at] = *audit;
    history->audit_count++;
}

promises promise_audited(struct clerk *clerk, struct state *after, const struct audit *audit)
{
    struct history *history = &after->history;
    unsigned request = audit->request;
    bool mailed = audit->inc > 0 && history->mails[request][audit->inc] > 0, any = false;
    bool is_notice = lane_of(clerk, request) == LANE_NONE;
    promises broken = contradicted(history, audit);
    for (unsigned inc = 1; inc <= INCS_MOST; inc++)
        any = any || history->mails[request][inc] > 0;
    if (audit->state == REQUEST_SENT && !mailed)
        broken |= BROKEN(PROMISE_TRUE_SENT);
    if (audit->state != REQUEST_SENT && mailed && !audit->maybe_mailed)
        broken |= BROKEN(PROMISE_TRUE_UNSENT);
    if (audit->state != REQUEST_SENT && audit->after_loss && any && !audit->maybe_mailed &&
        !history->replayed[request])
        broken |= BROKEN(PROMISE_TRUE_AFTER_LOSS);
    if (audit->reason == REASON_REVOKED && !history->lost && !(history->revoked >> request & 1) &&
        !(history->changed >> request & 1))
        broken |= BROKEN(PROMISE_ASKED_LATER);
    if (is_notice && audit->state == REQUEST_SUPPRESSED && audit->reason != REASON_NOTICE_LIMIT)
        broken |= BROKEN(PROMISE_NOTICE);
    note_audit(history, audit);
    return broken;
}
