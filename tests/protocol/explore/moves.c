/* What all moves share: the copy they are made on, the messages in Kafka, and where a run stands in the
 * worker's own plans. */
#include "moves.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/method.h"

static const enum step *const plans[PLAN_COUNT] = {
    [PLAN_AGAIN] = plan_again,
    [PLAN_SENT] = plan_sent,
    [PLAN_RETRY] = plan_retry,
    [PLAN_PENDING] = plan_pending,
    [PLAN_DEAD] = plan_dead,
    [PLAN_BURY] = plan_bury,
    [PLAN_TOLD] = plan_told,
    [PLAN_COMPLETE] = plan_complete,
    [PLAN_HOLD] = plan_hold,
    [PLAN_RELEASE] = plan_release,
    [PLAN_PARK] = plan_park,
    [PLAN_STOP] = plan_stop,
    [PLAN_COMPLETION_MAIL] = plan_completion_mail,
    [PLAN_COMPLETION_TOLD] = plan_completion_told,
    [PLAN_COMPLETION_BURY] = plan_completion_bury,
};

struct state *move_open(struct mover *mover, const char *format, ...)
{
    mover->next = *mover->from;
    mover->fault = false;
    mover->broken = 0;
    if (mover->labels) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(mover->label, sizeof mover->label, format, arguments);
        va_end(arguments);
    }
    return &mover->next;
}

void move_close(struct mover *mover)
{
    mover->take(mover->context, mover);
}

bool move_can(const struct mover *mover, enum budget budget)
{
    return mover->from->history.budget[budget] > 0;
}

bool move_spend(struct mover *mover, struct state *next, enum budget budget)
{
    mover->fault = true;
    next->history.budget[budget]--;
    return true;
}

void allow_extra(struct state *next, unsigned request)
{
    if (next->history.allowed[request] < 4)
        next->history.allowed[request]++;
}

static int message_order(const void *one, const void *other)
{
    return memcmp(one, other, sizeof(struct message));
}

void work_publish(struct state *next, unsigned request, unsigned generation, unsigned copy)
{
    struct work *work = &next->work;
    if (work->message_count == MESSAGES_MOST) {
        fputs("more messages than a state has room for\n", stderr);
        abort();
    }
    work->messages[work->message_count++] =
        (struct message){(uint8_t)request, (uint8_t)generation, (uint8_t)copy};
    qsort(work->messages, work->message_count, sizeof work->messages[0], message_order);
}

unsigned work_count(const struct work *work, const struct message *message)
{
    unsigned count = 0;
    for (unsigned i = 0; i < work->message_count; i++)
        count += memcmp(&work->messages[i], message, sizeof *message) == 0;
    return count;
}

void work_commit(struct state *next, const struct message *message)
{
    struct work *work = &next->work;
    for (unsigned i = 0; i < work->message_count; i++) {
        if (memcmp(&work->messages[i], message, sizeof *message) != 0)
            continue;
        work->message_count--;
        memmove(&work->messages[i], &work->messages[i + 1],
                (work->message_count - i) * sizeof work->messages[0]);
        memset(&work->messages[work->message_count], 0, sizeof work->messages[0]);
        return;
    }
}

enum step run_step(const struct run *run)
{
    return plans[run->plan][run->at];
}

uint8_t run_worker(const struct scenario *scenario, unsigned number)
{
    return number < strlen(scenario->runs) ? (uint8_t)(scenario->runs[number] - 'A' + 1) : 0;
}

const char *run_name(const struct mover *mover, unsigned number, char name[32])
{
    const struct message *message = &mover->from->work.runs[number].message;
    snprintf(name, 32, "%c%u r%u.%u.%u", 'A' + run_worker(mover->clerk->scenario, number) - 1, number,
             message->request, message->generation, message->copy);
    return name;
}

const char *request_name(const struct mover *mover, unsigned request, char name[64])
{
    const struct asked *asked = &mover->clerk->scenario->asked[request];
    snprintf(name, 64, "r%u (%s%s%s)", request, method_name(asked->method),
             asked->admin ? " by an administrator" : "", asked->other_user ? " of another user" : "");
    return name;
}

static void forget_in(struct mover *mover, uint32_t *shelf, uint8_t owner)
{
    *shelf = pass(mover->clerk, PASS_OWNER, *shelf, owner, 0);
}

void run_forget_owner(struct mover *mover, struct state *next, uint8_t owner)
{
    struct history *history = &next->history;
    forget_in(mover, &next->shelf, owner);
    if (history->has_saved)
        forget_in(mover, &history->saved, owner);
    if (history->ghost.waits) {
        forget_in(mover, &history->ghost.read, owner);
        if (history->ghost.owner == owner)
            history->ghost.owner = OWNER_GONE;
    }
    for (unsigned i = 0; i < RUNS_MOST; i++)
        for (unsigned reading = 0; reading < next->work.runs[i].reads; reading++)
            forget_in(mover, &next->work.runs[i].read[reading], owner);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned reading = 0; reading < history->calls[i].reads; reading++)
            forget_in(mover, &history->calls[i].read[reading], owner);
}

void run_end(struct mover *mover, struct state *next, unsigned number)
{
    memset(&next->work.runs[number], 0, sizeof next->work.runs[number]);
    run_forget_owner(mover, next, (uint8_t)(number + 1));
}

/* A new lease is asked for as somebody new; the old one is nobody's then. */
static void forget_lease(struct mover *mover, struct state *next, unsigned number)
{
    struct run *run = &next->work.runs[number];
    run->candidate = run->reads = run->inc = run->tries = run->has_lease = run->lease_ok = 0;
    run->phase = run->relay = run->result = run->finish_maybe = run->finish_due = run->deferred = 0;
    run->belief = run->read[0] = run->read[1] = 0;
    memset(&run->told, 0, sizeof run->told);
    run->told_after_loss = 0;
    run_forget_owner(mover, next, (uint8_t)(number + 1));
}

static void pass_over(struct mover *mover, struct state *next, unsigned number)
{
    struct run *run = &next->work.runs[number];
    for (;; run->at++) {
        enum step step = run_step(run);
        if (step == STEP_STOP) {
            run_end(mover, next, number);
            return;
        }
        if (step == STEP_HOLD) /* only plans that begin anew have it */
            forget_lease(mover, next, number);
        else if (step != STEP_BUILD && step != STEP_REST)
            return;
    }
}

void run_follow(struct mover *mover, struct state *next, unsigned number, enum plan_number plan)
{
    next->work.runs[number].plan = (uint8_t)plan;
    next->work.runs[number].at = 0;
    pass_over(mover, next, number);
}

void run_next(struct mover *mover, struct state *next, unsigned number)
{
    next->work.runs[number].at++;
    pass_over(mover, next, number);
}

void run_follow_plan(struct mover *mover, struct state *next, unsigned number, const enum step *plan)
{
    enum plan_number known = PLAN_IDLE;
    while (plan && known < PLAN_COUNT && plans[known] != plan)
        known++;
    if (known == PLAN_COUNT)
        abort(); /* a plan that nobody told the explorer of */
    if (plan)
        run_follow(mover, next, number, known);
    else
        run_next(mover, next, number);
}

struct question question_of(const struct state *state, enum ask ask)
{
    struct question question;
    memset(&question, 0, sizeof question);
    question.ask = (uint8_t)ask;
    question.minutes = state->history.minutes;
    question.not_before = state->history.not_before;
    question.shelf = state->shelf;
    return question;
}

void state_first(struct clerk *clerk, struct state *state)
{
    memset(state, 0, sizeof *state);
    memcpy(state->history.budget, clerk->scenario->budget, sizeof state->history.budget);
    state->shelf = pass_loss(clerk, 0, true);
}

void moves_of(struct mover *mover, const struct state *from)
{
    mover->from = from;
    moves_of_users(mover);
    moves_of_passwords(mover);
    moves_of_world(mover);
    for (unsigned number = 0; number < RUNS_MOST; number++)
        if (from->work.runs[number].plan != PLAN_IDLE)
            moves_of_run(mover, number);
}
