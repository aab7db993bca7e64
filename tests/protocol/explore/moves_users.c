/* What services ask for: requests are published, links redeemed, users revoked, passwords changed. */
#include <string.h>

#include "moves.h"

static bool is_change(const struct mover *mover, unsigned request)
{
    return mover->clerk->requests[request].method == METHOD_PASSWORD_CHANGED;
}

static bool is_next(const struct mover *mover, unsigned request)
{
    const struct history *history = &mover->from->history;
    if (history->published[request])
        return false;
    for (unsigned later = request + 1; later < mover->clerk->scenario->count; later++)
        if (history->published[later] > 1) /* before Redis was lost: this one would be newer */
            return false;
    for (unsigned earlier = 0; mover->clerk->scenario->ordered && earlier < request; earlier++)
        if (!history->published[earlier])
            return false;
    return true;
}

static void publish(struct mover *mover)
{
    const struct scenario *scenario = mover->clerk->scenario;
    char name[64];
    for (unsigned request = 0; request < scenario->count; request++) {
        bool early = scenario->early && is_change(mover, request);
        if (!is_next(mover, request) || early || method_traits(scenario->asked[request].method)->staged)
            continue;
        struct state *next = move_open(mover, "%s is published", request_name(mover, request, name));
        next->history.published[request] = 1;
        work_publish(next, request, 0, 0);
        move_close(mover);
    }
}

/* The number of the latest request that was asked for, plus 1: that is when it is. */
static uint8_t moment(const struct mover *mover)
{
    uint8_t latest = 0;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++)
        if (mover->from->history.published[request])
            latest = (uint8_t)(request + 1);
    return latest;
}

static void start_call(struct mover *mover, const struct call *call)
{
    struct state *next = &mover->next;
    unsigned place = next->history.calls[0].ask ? 1 : 0;
    next->history.calls[place] = *call;
}

static void redeem(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++)
        for (unsigned inc = 1; inc <= INCS_MOST; inc++)
            for (unsigned key = 1; key <= 2; key++) {
                if (!history->mails[request][inc] || mover->clerk->requests[request].method != METHOD_LINK ||
                    (key == 2 && !history->redeemed[request][inc] && !history->calls[0].ask))
                    continue;
                struct state *next =
                    move_open(mover, "caller %u comes back with link %u of r%u", key, inc, request);
                move_spend(mover, next, REDEMPTIONS);
                start_call(mover, &(struct call){.ask = ASK_REDEEM + 1,
                                                 .request = (uint8_t)request,
                                                 .inc = (uint8_t)inc,
                                                 .key = (uint8_t)key});
                move_close(mover);
            }
}

static void outdate(struct mover *mover)
{
    struct state *next = move_open(mover, "token.not_before is set to now");
    struct history *history = &next->history;
    move_spend(mover, next, NOT_BEFORE);
    history->not_before = (uint16_t)(history->minutes + 1);
    history->minutes = (uint16_t)(history->minutes + 2);
    for (unsigned request = 0; request < REQUESTS_MOST; request++)
        history->outdated[request] = history->minted[request];
    move_close(mover);
}

static void start_calls(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    if (history->calls[0].ask && (history->calls[1].ask || !mover->clerk->scenario->torn))
        return;
    if (move_can(mover, REDEMPTIONS))
        redeem(mover);
    if (move_can(mover, REVOCATIONS) && moment(mover) > 0) {
        struct state *next = move_open(mover, "the user is to be revoked");
        move_spend(mover, next, REVOCATIONS);
        start_call(mover, &(struct call){.ask = ASK_REVOKE + 1});
        move_close(mover);
    }
}

static struct question call_question(const struct mover *mover, const struct call *call)
{
    struct question question = question_of(mover->from, (enum ask)(call->ask - 1));
    question.request = call->request;
    question.inc = call->inc;
    if (call->ask == ASK_REDEEM + 1)
        question.key = call->key;
    else
        question.moment = moment(mover);
    question.user = mover->clerk->users[call->request];
    question.again = mover->from->history.lost == 1;
    question.reads = call->reads;
    memcpy(question.read, call->read, sizeof question.read);
    return question;
}

static promises redeemed(struct mover *mover, struct state *next, const struct call *call, bool given)
{
    const struct history *history = &mover->from->history;
    unsigned request = call->request;
    uint8_t key = (uint8_t)(1U << call->key), *who = &next->history.redeemed[request][call->inc];
    bool ended = (history->revoked | history->changed) >> request & 1;
    bool again = call->again || (history->redeemed[request][call->inc] & key);
    promises broken = 0;
    bool revoked = history->revoked >> request & 1;
    if (!given)
        return call->again && !revoked && !history->lost ? BROKEN(PROMISE_ASKED_AGAIN) : 0;
    if (!again && ended && !history->lost)
        broken |= BROKEN(PROMISE_REVOKED_REDEEMED);
    if (!again && history->killed[request] >> call->inc & 1 && !history->lost)
        broken |= BROKEN(PROMISE_DEAD_REDEEMED);
    if (!again && call->inc <= history->outdated[request])
        broken |= BROKEN(PROMISE_OUTDATED);
    *who |= key;
    next->history.killed[request] |= (uint16_t)(1U << call->inc);
    return broken;
}

static promises ended(struct mover *mover, struct state *next, const struct call *call)
{
    const struct view *view = view_of(mover->clerk, next);
    bool is_revocation = call->ask == ASK_REVOKE + 1;
    uint8_t user = mover->clerk->users[call->request];
    promises broken = 0;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++) {
        bool works =
            view->live[request] || view->user[mover->clerk->users[request]].password_request == request + 1;
        if (mover->clerk->users[request] != user || request >= moment(mover))
            continue;
        if (works)
            broken |= BROKEN(is_revocation ? PROMISE_REVOKED_NOW : PROMISE_CHANGED_NOW);
        *(is_revocation ? &next->history.revoked : &next->history.changed) |= (uint8_t)(1U << request);
    }
    return broken;
}

static void answer_call(struct mover *mover, unsigned place, const struct answer *answer)
{
    static const char *const words[] = {[ASK_REDEEM] = "the redemption",
                                        [ASK_REVOKE] = "the revocation",
                                        [ASK_CHANGED] = "the end of what a change ends"};
    const struct call *call = &mover->from->history.calls[place];
    bool done = answer->status == STATUS_OK && answer->verdict == VERDICT_OK;
    bool lost = move_can(mover, LOST_REPLIES) && answer->shelf != mover->from->shelf;
    for (int i = 0; i <= lost; i++) {
        struct state *next = move_open(mover, "%s%s: %s%s", words[call->ask - 1], call->again ? " again" : "",
                                       verdict_name(answer->verdict), i ? ", the reply is lost" : "");
        struct call *left = &next->history.calls[place];
        next->shelf = answer->shelf;
        mover->broken |= promise_swapped(mover->clerk, mover->from, next) | promise_answered(answer);
        if (call->ask == ASK_REDEEM + 1)
            mover->broken |= redeemed(mover, next, call, done);
        else
            mover->broken |= ended(mover, next, call);
        if (i) {
            move_spend(mover, next, LOST_REPLIES);
            left->again = 1;
            left->reads = 0;
            left->read[0] = left->read[1] = 0;
        } else {
            memset(left, 0, sizeof *left);
            if (call->ask == ASK_CHANGED + 1)
                next->history.asking_step++;
        }
        move_close(mover);
    }
}

static void go_on(struct mover *mover, unsigned place)
{
    const struct call *call = &mover->from->history.calls[place];
    if (!call->ask)
        return;
    struct question question = call_question(mover, call);
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    if (answer->wants_read) {
        struct state *next = move_open(mover, "the producer reads for caller %u", call->key);
        struct call *reading = &next->history.calls[place];
        reading->read[reading->reads++] = next->shelf;
        move_close(mover);
        return;
    }
    answer_call(mover, place, answer);
}

/* The producer ends what a change ends, then publishes it. */
static void change(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    for (unsigned request = 0; request < mover->clerk->scenario->count && !history->asking; request++) {
        if (!mover->clerk->scenario->early || !is_change(mover, request) || !is_next(mover, request))
            continue;
        struct state *next = move_open(mover, "the producer is told of change r%u", request);
        next->history.asking = (uint8_t)(request + 1);
        start_call(mover, &(struct call){.ask = ASK_CHANGED + 1, .request = (uint8_t)request});
        move_close(mover);
    }
    if (!history->asking || !is_change(mover, history->asking - 1U) || history->asking_step == 0)
        return;
    struct state *next = move_open(mover, "change r%u is published", history->asking - 1U);
    next->history.published[history->asking - 1] = 1;
    work_publish(next, history->asking - 1U, 0, 0);
    next->history.asking = next->history.asking_step = 0;
    move_close(mover);
}

void moves_of_users(struct mover *mover)
{
    publish(mover);
    change(mover);
    start_calls(mover);
    if (move_can(mover, NOT_BEFORE))
        outdate(mover);
    for (unsigned place = 0; place < 2; place++)
        go_on(mover, place);
}
