/* Temporary passwords: the producer keeps one, publishes its request, shows it, in this order; somebody tries
 * one, and comes in. */
#include <string.h>

#include "moves.h"

static bool is_staged(const struct mover *mover, unsigned request)
{
    return method_traits(mover->clerk->requests[request].method)->staged;
}

static void ask_for_one(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++) {
        bool again = history->published[request] > 0, next_one = !again;
        for (unsigned earlier = 0; earlier < request && mover->clerk->scenario->ordered; earlier++)
            next_one = next_one && history->published[earlier];
        if (!is_staged(mover, request) || (again ? !move_can(mover, STAGINGS) : !next_one))
            continue;
        struct state *next = move_open(mover, "r%u is asked for%s", request, again ? " again" : "");
        if (again)
            move_spend(mover, next, STAGINGS);
        else
            next->history.published[request] = 1;
        next->history.asking = (uint8_t)(request + 1);
        move_close(mover);
    }
}

static void stage(struct mover *mover, unsigned request)
{
    struct history *history = NULL;
    struct question question = question_of(mover->from, ASK_STAGE);
    question.request = (uint8_t)request;
    question.version = (uint8_t)(mover->from->history.minted[request] + 1);
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    struct state *next =
        move_open(mover, "a password of r%u is kept: %s", request, verdict_name(answer->verdict));
    history = &next->history;
    next->shelf = answer->shelf;
    mover->broken |= promise_swapped(mover->clerk, mover->from, next) | promise_answered(answer);
    if (answer->verdict == VERDICT_OK) {
        history->minted[request] = question.version;
        history->shown[request] = 0;
        history->asking_step = 1;
        history->asking_version = question.version;
    } else {
        history->asking = 0;
        if (!mover->clerk->scenario->budget[STAGINGS] && !history->lost)
            mover->broken |= BROKEN(PROMISE_FIRST_STAGED);
    }
    move_close(mover);
}

static void show(struct mover *mover, unsigned request)
{
    struct state *next = NULL;
    if (mover->from->history.asking_step == 1) {
        next = move_open(mover, "r%u is published", request);
        work_publish(next, request, 0, 0);
        next->history.asking_step = 2;
    } else {
        next = move_open(mover, "password %u of r%u is shown", mover->from->history.asking_version, request);
        next->history.shown[request] = next->history.asking_version;
        next->history.asking = next->history.asking_step = next->history.asking_version = 0;
    }
    move_close(mover);
}

static bool is_known(const struct mover *mover, unsigned request, unsigned version)
{
    const struct history *history = &mover->from->history;
    if (is_staged(mover, request))
        return history->shown[request] == version;
    return method_traits(mover->clerk->requests[request].method)->mailed == SECRET_PASSWORD &&
           history->mails[request][version] > 0;
}

static void guess(struct mover *mover, unsigned request, unsigned version)
{
    struct question question = question_of(mover->from, ASK_TRY);
    question.user = mover->clerk->users[request];
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    if (answer->verdict != VERDICT_OK)
        return;
    struct state *next = move_open(mover, "password %u of r%u is tried", version, request);
    struct history *history = &next->history;
    move_spend(mover, next, TRIES);
    next->shelf = answer->shelf;
    mover->broken |= promise_answered(answer);
    bool right = answer->password_request == request + 1 && answer->password_version == version;
    history->guesses[history->guesses[0].request ? 1 : 0] =
        (struct guess){(uint8_t)(request + 1), (uint8_t)version, answer->password_inc, right};
    if (++history->weighed > 1)
        mover->broken |= BROKEN(PROMISE_TRY);
    move_close(mover);
}

static void come_in(struct mover *mover, unsigned place)
{
    const struct guess *made = &mover->from->history.guesses[place];
    unsigned request = made->request - 1U;
    bool right = made->right;
    struct state *next = NULL;
    if (right) {
        struct question question = question_of(mover->from, ASK_OPEN);
        question.request = (uint8_t)request;
        question.version = made->version;
        question.inc = made->inc;
        question.user = mover->clerk->users[request];
        const struct answer *answer = clerk_ask(mover->clerk, &question);
        right = answer->verdict == VERDICT_OK;
        next = move_open(mover, "password %u of r%u: %s", made->version, request, right ? "200" : "404");
        next->shelf = answer->shelf;
        mover->broken |= promise_swapped(mover->clerk, mover->from, next) | promise_answered(answer);
    } else {
        next = move_open(mover, "password %u of r%u: 404", made->version, request);
    }
    if (right) {
        if (mover->from->history.killed[request] >> made->version & 1 && !next->history.lost)
            mover->broken |= BROKEN(PROMISE_DEAD_PASSWORD);
        if (made->version <= next->history.outdated[request])
            mover->broken |= BROKEN(PROMISE_OUTDATED);
        next->history.redeemed[request][made->version] |= 1;
        next->history.weighed = 0;
    }
    if (place == 0)
        next->history.guesses[0] = next->history.guesses[1];
    memset(&next->history.guesses[1], 0, sizeof next->history.guesses[1]);
    move_close(mover);
}

static void verify(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    const struct view *view = view_of(mover->clerk, mover->from);
    for (unsigned user = 0; user < USERS_MOST; user++)
        if (view->user[user].delayed) {
            struct state *next = move_open(mover, "the delay after a try ends");
            next->shelf = pass(mover->clerk, PASS_DELAY, next->shelf, user, history->minutes);
            next->history.weighed = 0;
            move_close(mover);
        }
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++)
        for (unsigned version = 1; version <= INCS_MOST; version++)
            if (move_can(mover, TRIES) && !history->guesses[1].request && is_known(mover, request, version))
                guess(mover, request, version);
    for (unsigned place = 0; place < 2; place++)
        if (history->guesses[place].request)
            come_in(mover, place);
}

void moves_of_passwords(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    if (!history->asking)
        ask_for_one(mover);
    else if (is_staged(mover, history->asking - 1U) && history->asking_step == 0)
        stage(mover, history->asking - 1U);
    else if (is_staged(mover, history->asking - 1U))
        show(mover, history->asking - 1U);
    if (mover->clerk->scenario->budget[TRIES])
        verify(mover);
}
