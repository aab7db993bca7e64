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
    const struct view *was = view_of(clerk, before), *is = view_of(clerk, after);
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
    const struct view *view = view_of(clerk, after);
    const struct seen_user *user = &view->user[clerk->users[request]];
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
    bool is_notice = clerk_lane(clerk, request) == LANE_NONE;
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
