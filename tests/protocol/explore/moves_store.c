/* A run's questions to Redis.  Where their answers lead is the worker's own word (plan_after_begin, _finish).
 *
 * A question whose answer was lost is asked again word for word.  Where a scenario tears reading and swapping
 * apart, each is a move of its own. */
#include "moves.h"

#include <string.h>

static void remember_reading(struct mover *mover, struct state *next, unsigned number)
{
    struct run *run = &next->work.runs[number];
    (void)mover;
    run->read[run->reads++] = next->shelf;
}

/* The numbers that a question takes with it are its own, whatever becomes of it. */
static void keep_candidate(struct state *next, unsigned number, const struct question *question)
{
    struct run *run = &next->work.runs[number];
    run->candidate = question->inc;
    if (next->history.minted[run->message.request] < question->inc)
        next->history.minted[run->message.request] = question->inc;
}

static struct question begin_question(const struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    const struct history *history = &mover->from->history;
    unsigned request = run->message.request;
    struct question question = question_of(mover->from, ASK_BEGIN);
    question.request = run->message.request;
    question.generation = run->message.generation;
    question.copy = run->message.copy;
    question.owner = (uint8_t)(number + 1);
    question.inc = run->candidate ? run->candidate : (uint8_t)(history->minted[request] + 1);
    question.again = history->lost == 1 && history->published[request] == 1;
    question.reads = run->reads;
    memcpy(question.read, run->read, sizeof question.read);
    return question;
}

/* One extra mail is explained where a lease is taken over between the last look at it and the finish. */
static void allow_takeover(const struct mover *mover, struct state *next, const struct question *question,
                           const struct answer *answer)
{
    const struct view *was = view_of(mover->clerk, mover->from);
    const struct seen_request *seen = &was->request[question->request];
    bool taken = answer->status == STATUS_OK && answer->verdict == VERDICT_LEASE &&
                 seen->told.state == REQUEST_LEASED && !seen->lease_runs && seen->owner != question->owner;
    for (unsigned i = 0; taken && i < RUNS_MOST; i++) {
        const struct run *run = &mover->from->work.runs[i];
        if (run->plan == PLAN_IDLE || run->message.request != question->request || seen->owner != i + 1)
            continue;
        enum step step = run_step(run);
        if (run->phase != PHASE_READY || run->plan == PLAN_PARK ||
            (step == STEP_FINISH && run->result == FINISH_SENT))
            allow_extra(next, question->request);
    }
}

static void take_verdict(struct mover *mover, struct state *next, unsigned number,
                         const struct answer *answer)
{
    struct run *run = &next->work.runs[number];
    bool completes = mover->clerk->requests[run->message.request].method == METHOD_PASSWORD_CHANGED &&
                     run->message.copy == 0;
    run->reads = 0;
    run->read[0] = run->read[1] = 0;
    if (answer->verdict == VERDICT_BUSY) /* it asks again; nobody has seen what it brought: as good as new */
        return;
    run->candidate = 0;
    if (answer->verdict == VERDICT_LEASE) {
        run->inc = answer->told.inc;
        run->tries = answer->told.tries;
        run->has_lease = run->lease_ok = 1;
        run->belief = answer->belief;
    }
    if (answer->verdict == VERDICT_DONE) {
        run->told = answer->told;
        run->told_after_loss = next->history.lost == 1;
    }
    run_follow_plan(
        mover, next, number,
        plan_after_begin(answer->verdict, run->revoked, run->told.state == REQUEST_DEAD, completes));
}

static void note_minted(struct state *next, const struct question *question, const struct answer *answer)
{
    uint8_t *minted = &next->history.minted[question->request];
    if (answer->told.inc == question->inc && *minted < question->inc)
        *minted = question->inc;
}

static void delay_swap(struct mover *mover, unsigned number, const struct question *question)
{
    char name[32];
    if (!move_can(mover, DELAYED) || mover->from->history.ghost.waits)
        return;
    struct state *next =
        move_open(mover, "%s: the swap of begin is held up in the network", run_name(mover, number, name));
    move_spend(mover, next, DELAYED);
    keep_candidate(next, number, question);
    next->history.ghost = (struct ghost){.waits = 1,
                                         .owner = question->owner,
                                         .inc = question->inc,
                                         .message = next->work.runs[number].message,
                                         .read = next->shelf};
    move_close(mover);
}

static void hear_begin(struct mover *mover, unsigned number, const struct question *question,
                       const struct answer *answer)
{
    bool lost = move_can(mover, LOST_REPLIES) && answer->shelf != mover->from->shelf;
    char name[32];
    if (answer->verdict == VERDICT_BUSY && !mover->from->work.runs[number].reads)
        return; /* nothing happens until that lease ends */
    for (int i = 0; i <= lost; i++) {
        struct state *next =
            move_open(mover, "%s begin: %s%s%s%s", run_name(mover, number, name),
                      verdict_name(answer->verdict), answer->verdict == VERDICT_DONE ? " " : "",
                      answer->verdict == VERDICT_DONE ? reason_name(answer->told.reason) : "",
                      i ? ", the reply is lost" : "");
        next->shelf = answer->shelf;
        allow_takeover(mover, next, question, answer);
        mover->broken |= promise_begun(mover->clerk, mover->from, next, question, answer);
        note_minted(next, question, answer);
        if (i) {
            move_spend(mover, next, LOST_REPLIES);
            keep_candidate(next, number, question);
            next->work.runs[number].reads = 0;
            next->work.runs[number].read[0] = next->work.runs[number].read[1] = 0;
        } else {
            take_verdict(mover, next, number, answer);
        }
        move_close(mover);
    }
}

void moves_of_begin(struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    struct question question = begin_question(mover, number);
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    char name[32];
    if (run->revoked) {
        struct state *next =
            move_open(mover, "%s hears that its partition is gone: stops", run_name(mover, number, name));
        run_follow(mover, next, number, PLAN_STOP);
        move_close(mover);
    }
    if (answer->wants_read) {
        struct state *next = move_open(mover, "%s reads for begin", run_name(mover, number, name));
        keep_candidate(next, number, &question);
        remember_reading(mover, next, number);
        move_close(mover);
        return;
    }
    hear_begin(mover, number, &question, answer);
    delay_swap(mover, number, &question);
}

static void take_finish(struct mover *mover, struct state *next, unsigned number, const struct answer *answer)
{
    struct run *run = &next->work.runs[number];
    bool handed_on = run->result == FINISH_RELEASE || run->result == FINISH_PARK;
    run->reads = 0;
    run->read[0] = run->read[1] = 0;
    if (run->result != FINISH_PARK) {
        run->has_lease = run->lease_ok = 0;
        run->belief = 0;
    } else if (answer->verdict == VERDICT_OK) {
        run->belief = answer->belief;
    } else {
        run->lease_ok = 0;
    }
    if (answer->verdict == VERDICT_DONE && !handed_on) {
        run->told = answer->told;
        run->told_after_loss = next->history.lost == 1;
    }
    run_follow_plan(mover, next, number,
                    plan_after_finish(run->result, answer->verdict, run->revoked || run->parked,
                                      run->told.state == REQUEST_DEAD));
}

static void note_sent(struct mover *mover, struct state *next, unsigned number, const struct answer *answer)
{
    const struct run *run = &mover->from->work.runs[number];
    if (run->result != FINISH_SENT)
        return;
    next->history.confirmed[run->message.request] |= (uint16_t)(1U << run->inc);
    if (run->lease_ok && answer->verdict == VERDICT_DONE && answer->told.state != REQUEST_SENT &&
        !next->history.lost)
        mover->broken |= BROKEN(PROMISE_OWNER);
}

static struct question finish_question(const struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    struct question question = question_of(mover->from, ASK_FINISH);
    question.request = run->message.request;
    question.owner = (uint8_t)(number + 1);
    question.inc = run->inc;
    question.result = run->result;
    question.copy = (uint8_t)(run->message.copy + 1);
    question.maybe_mailed = run->finish_maybe;
    question.due = run->finish_due;
    question.belief = run->belief;
    question.reads = run->reads;
    memcpy(question.read, run->read, sizeof question.read);
    return question;
}

void moves_of_finish(struct mover *mover, unsigned number)
{
    static const char *const results[] = {"sent", "pending", "release", "park", "renew", "dead"};
    struct question question = finish_question(mover, number);
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    bool lost = move_can(mover, LOST_REPLIES) && answer->shelf != mover->from->shelf;
    char name[32];
    if (answer->wants_read) {
        struct state *next = move_open(mover, "%s reads for finish", run_name(mover, number, name));
        remember_reading(mover, next, number);
        move_close(mover);
        return;
    }
    for (int i = 0; i <= lost; i++) {
        struct state *next =
            move_open(mover, "%s finish(%s): %s%s", run_name(mover, number, name), results[question.result],
                      verdict_name(answer->verdict), i ? ", the reply is lost" : "");
        next->shelf = answer->shelf;
        mover->broken |= promise_swapped(mover->clerk, mover->from, next);
        mover->broken |= promise_answered(answer);
        note_sent(mover, next, number, answer);
        if (i)
            move_spend(mover, next, LOST_REPLIES);
        else
            take_finish(mover, next, number, answer);
        move_close(mover);
    }
}

/* A run that was stopped asks to go on: nobody may have taken its lease over. */
void moves_of_renewal(struct mover *mover, unsigned number)
{
    char name[32];
    struct question question = finish_question(mover, number);
    question.result = FINISH_RENEW;
    question.copy = question.maybe_mailed = question.due = 0;
    const struct answer *answer = clerk_ask(mover->clerk, &question);
    if (answer->wants_read || answer->verdict != VERDICT_OK)
        return;
    struct state *next = move_open(mover, "%s renews its lease: ok", run_name(mover, number, name));
    next->shelf = answer->shelf;
    next->work.runs[number].lease_ok = 1;
    next->work.runs[number].belief = answer->belief;
    mover->broken |= promise_swapped(mover->clerk, mover->from, next) | promise_answered(answer);
    move_close(mover);
}
