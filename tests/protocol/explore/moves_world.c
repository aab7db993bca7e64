/* What comes from outside: messages are delivered, time passes, and every fault. */
#include <stdio.h>
#include <string.h>

#include "moves.h"

enum { MINUTES_TO_END = 12, MINUTES_OF_A_DAY = 25 * 60, MINUTES_AFTER_LOSS = 12 * 60, GENERATIONS_MOST = 8 };

static bool is_under_way(const struct run *run, unsigned request)
{
    return run->plan != PLAN_IDLE && run->message.request == request;
}

/* Before its dot a run looks at its lease again; so whoever has one hears of its end. */
static void end_lease(struct mover *mover, unsigned request, const struct seen_request *seen)
{
    unsigned owner = seen->owner - 1U;
    bool alive = seen->owner != OWNER_GONE && owner < RUNS_MOST &&
                 is_under_way(&mover->from->work.runs[owner], request);
    if (alive && !move_can(mover, LEASES))
        return;
    struct state *next = move_open(mover, "the lease of r%u ends%s", request, alive ? " under its run" : "");
    if (alive) {
        move_spend(mover, next, LEASES);
        next->work.runs[owner].lease_ok = 0;
    }
    next->shelf = pass(mover->clerk, PASS_LEASE, next->shelf, request, next->history.minutes);
    move_close(mover);
}

static void pass_time(struct mover *mover)
{
    const struct view *view = view_of(mover->clerk, mover->from);
    const struct history *history = &mover->from->history;
    bool windows = false, claims = false;
    for (unsigned user = 0; user < USERS_MOST; user++)
        windows = windows || view->user[user].has_window;
    for (unsigned request = 0; request < REQUESTS_MOST; request++) {
        if (view->request[request].lease_runs)
            end_lease(mover, request, &view->request[request]);
        claims = claims || view->claimed[request];
    }
    if (windows && !mover->clerk->scenario->windows_over) {
        struct state *next = move_open(mover, "a window of coalescing or of grace ends");
        next->shelf = pass(mover->clerk, PASS_WINDOWS, next->shelf, 0, history->minutes);
        move_close(mover);
    }
    for (unsigned i = 0; i < 2; i++)
        claims = claims && !history->calls[i].again; /* whoever was not answered asks again in time */
    if (claims) {
        struct state *next = move_open(mover, "the five minutes after a redemption are over");
        next->shelf = pass(mover->clerk, PASS_CLAIMS, next->shelf, 0, history->minutes);
        move_close(mover);
    }
    if (view->counted && move_can(mover, PERIODS)) {
        struct state *next = move_open(mover, "the limits' periods end");
        struct history *changed = &next->history;
        move_spend(mover, next, PERIODS);
        next->shelf = pass(mover->clerk, PASS_PERIODS, next->shelf, 0, history->minutes);
        memset(changed->counted_user, 0, sizeof changed->counted_user);
        memset(changed->counted_mailbox, 0, sizeof changed->counted_mailbox);
        memset(changed->counted_actor, 0, sizeof changed->counted_actor);
        memset(changed->noticed_user, 0, sizeof changed->noticed_user);
        memset(changed->noticed_mailbox, 0, sizeof changed->noticed_mailbox);
        move_close(mover);
    }
}

static void move_clock(struct mover *mover)
{
    bool ends = false;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++)
        ends = ends || mover->clerk->scenario->asked[request].ends;
    bool busy = false;
    for (unsigned number = 0; number < RUNS_MOST; number++)
        busy = busy || mover->from->work.runs[number].has_lease;
    if (!move_can(mover, ENDS) || (busy && !ends)) /* no run has its lease for a day */
        return;
    struct state *next = move_open(mover, ends ? "the requests' own end comes" : "a day goes by");
    move_spend(mover, next, ENDS);
    next->history.minutes = (uint16_t)(next->history.minutes + (ends ? MINUTES_TO_END : MINUTES_OF_A_DAY));
    next->shelf = pass(mover->clerk, PASS_TIME, next->shelf, 0, next->history.minutes);
    for (unsigned request = 0; request < mover->clerk->scenario->count && !ends; request++)
        if (view_of(mover->clerk, mover->from)->request[request].lease_runs)
            next->shelf = pass(mover->clerk, PASS_LEASE, next->shelf, request, next->history.minutes);
    move_close(mover);
}

static void forget_counts(struct history *history)
{
    memset(history->counted_user, 0, sizeof history->counted_user);
    memset(history->counted_mailbox, 0, sizeof history->counted_mailbox);
    memset(history->counted_actor, 0, sizeof history->counted_actor);
    memset(history->noticed_user, 0, sizeof history->noticed_user);
    memset(history->noticed_mailbox, 0, sizeof history->noticed_mailbox);
}

static void lose(struct mover *mover)
{
    if (!move_can(mover, LOSSES) || mover->from->history.minutes >= MINUTES_AFTER_LOSS)
        return;
    struct state *next = move_open(mover, "Redis loses everything");
    struct history *history = &next->history;
    move_spend(mover, next, LOSSES);
    history->lost = 1;
    history->minutes = MINUTES_AFTER_LOSS;
    next->shelf = pass_loss(mover->clerk, history->minutes, false);
    forget_counts(history);
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++) {
        history->published[request] *= 2;
        allow_extra(next, request);
    }
    move_close(mover);
}

static void fall_back(struct mover *mover)
{
    if (!move_can(mover, FALLBACKS))
        return;
    if (!mover->from->history.has_saved) {
        struct state *next = move_open(mover, "Redis has on disk what it has now");
        next->history.has_saved = 1;
        next->history.saved = next->shelf;
        mover->fault = true;
        move_close(mover);
        return;
    }
    struct state *next = move_open(mover, "Redis falls back to what it had on disk");
    move_spend(mover, next, FALLBACKS);
    next->shelf = next->history.saved;
    next->history.saved = 0;
    next->history.lost = 2;
    for (unsigned request = 0; request < mover->clerk->scenario->count; request++)
        allow_extra(next, request);
    move_close(mover);
}

static void arrive_late(struct mover *mover)
{
    const struct history *history = &mover->from->history;
    const struct ghost *ghost = &history->ghost;
    if (!ghost->waits)
        return;
    struct question question = question_of(mover->from, ASK_BEGIN);
    question.request = ghost->message.request;
    question.generation = ghost->message.generation;
    question.copy = ghost->message.copy;
    question.owner = ghost->owner;
    question.inc = ghost->inc;
    question.again = history->lost == 1 && history->published[question.request] == 1;
    question.deaf = 1;
    question.reads = 2;
    question.read[0] = question.read[1] = ghost->read;
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    struct state *next = move_open(mover, "the late swap of r%u arrives%s", question.request,
                                   answer->status == STATUS_OK ? "" : ", and is refused");
    memset(&next->history.ghost, 0, sizeof next->history.ghost);
    if (answer->status == STATUS_OK) {
        next->shelf = answer->shelf;
        mover->broken |= promise_begun(mover->clerk, mover->from, next, &question, answer);
    }
    move_close(mover);
}

static void replay(struct mover *mover)
{
    for (unsigned request = 0; request < mover->clerk->scenario->count && move_can(mover, REPLAYS); request++)
        for (unsigned generation = 0; generation < GENERATIONS_MOST - 1; generation++) {
            if (!(mover->from->history.dead_letters[request] >> generation & 1))
                continue;
            struct state *next =
                move_open(mover, "the dead letter of r%u.%u is replayed", request, generation);
            move_spend(mover, next, REPLAYS);
            next->history.replayed[request] |= (uint8_t)(1U << generation);
            work_publish(next, request, generation + 1, 0);
            move_close(mover);
        }
}

static void start_run(struct mover *mover, struct state *next, unsigned number, const struct message *message)
{
    next->work.runs[number].message = *message;
    run_follow(mover, next, number, PLAN_AGAIN);
}

static bool holds(const struct run *run, const struct message *message)
{
    return run->plan != PLAN_IDLE && memcmp(&run->message, message, sizeof *message) == 0 && !run->revoked &&
           !run->parked;
}

static void deliver(struct mover *mover, unsigned number, const struct message *message)
{
    const struct work *work = &mover->from->work;
    unsigned holders = 0, holder = 0;
    char worker = (char)('A' + run_worker(mover->clerk->scenario, number) - 1);
    for (unsigned i = RUNS_MOST; i-- > 0;)
        if (holds(&work->runs[i], message)) {
            holders++;
            holder = i;
        }
    if (holders < work_count(work, message)) {
        struct state *next = move_open(mover, "%c%u takes r%u.%u.%u", worker, number, message->request,
                                       message->generation, message->copy);
        start_run(mover, next, number, message);
        move_close(mover);
    } else if (move_can(mover, REBALANCES)) {
        struct state *next = move_open(mover, "rebalance: %c%u takes r%u.%u.%u, %c%u goes on as before",
                                       worker, number, message->request, message->generation, message->copy,
                                       'A' + run_worker(mover->clerk->scenario, holder) - 1, holder);
        move_spend(mover, next, REBALANCES);
        next->work.runs[holder].revoked = 1;
        start_run(mover, next, number, message);
        move_close(mover);
    }
}

/* Idle runs of one worker are alike: the first one takes. */
static void deliver_all(struct mover *mover)
{
    const struct work *work = &mover->from->work;
    bool served[3] = {false};
    for (unsigned number = 0; number < RUNS_MOST; number++) {
        uint8_t worker = run_worker(mover->clerk->scenario, number);
        if (worker == 0 || work->runs[number].plan != PLAN_IDLE || served[worker])
            continue;
        served[worker] = true;
        for (unsigned i = 0; i < work->message_count; i++)
            if (i == 0 || memcmp(&work->messages[i], &work->messages[i - 1], sizeof work->messages[0]) != 0)
                deliver(mover, number, &work->messages[i]);
    }
}

static void kill_worker(struct mover *mover, uint8_t worker)
{
    const struct work *work = &mover->from->work;
    bool busy = false;
    for (unsigned i = 0; i < RUNS_MOST; i++)
        busy = busy || (run_worker(mover->clerk->scenario, i) == worker && work->runs[i].plan != PLAN_IDLE);
    if (!busy)
        return;
    struct state *next = move_open(mover, "kill -9 %c", 'A' + worker - 1);
    move_spend(mover, next, KILLS);
    for (unsigned i = 0; i < RUNS_MOST; i++) {
        const struct run *run = &work->runs[i];
        if (run_worker(mover->clerk->scenario, i) != worker || run->plan == PLAN_IDLE)
            continue;
        bool unrecorded = run_step(run) == STEP_FINISH && run->result == FINISH_SENT;
        if (run->phase == PHASE_AT_DOT || unrecorded)
            allow_extra(next, run->message.request);
        run_end(mover, next, i);
    }
    move_close(mover);
}

void moves_of_world(struct mover *mover)
{
    pass_time(mover);
    move_clock(mover);
    lose(mover);
    fall_back(mover);
    arrive_late(mover);
    replay(mover);
    deliver_all(mover);
    if (move_can(mover, KILLS)) {
        kill_worker(mover, 1);
        kill_worker(mover, 2);
    }
}
