/* A run's steps.  What comes after what is the worker's own plan (worker/plans.c), and what a relay's answer
 * becomes is the worker's own table (worker/disposition.c); here is what each step does to the world. */
#include "moves.h"

#include <string.h>

#include "worker/disposition.h"

static const char *const relay_words[] = {
    "", "250", "4xx", "5xx", "accepted, its reply cut off", "cut off, not accepted"};

/* What the worker tells Redis. */
static void give_up(struct mover *mover, struct state *next, unsigned number)
{
    struct run *run = &next->work.runs[number];
    run->result = FINISH_RELEASE;
    run->finish_maybe = 0;
    run_follow(mover, next, number, run->has_lease && run->lease_ok ? PLAN_RELEASE : PLAN_STOP);
}

static void dispose(struct mover *mover, struct state *next, unsigned number,
                    const struct smtp_result *result)
{
    struct run *run = &next->work.runs[number];
    struct disposition_history history = {
        .tries = run->tries,
        .tiers = mover->clerk->scenario->tiers,
        .leaving = run->revoked || run->parked,
    };
    struct disposition disposition = disposition_of_mail(result, &history);
    if (disposition.maybe_mailed)
        allow_extra(next, run->message.request);
    run->phase = run->relay = 0;
    run->finish_maybe = disposition.maybe_mailed;
    run->finish_due = run->tries > 0 ? 2 : 1;
    switch (disposition.action) {
    case DISPOSITION_SENT:
        run->result = FINISH_SENT;
        run_follow(mover, next, number, PLAN_SENT);
        break;
    case DISPOSITION_RETRY:
        run->result = FINISH_PENDING;
        run->deferred = !run->parked;
        run_follow(mover, next, number, run->parked ? PLAN_PENDING : PLAN_RETRY);
        break;
    case DISPOSITION_DEAD:
        run->result = FINISH_DEAD;
        run_follow(mover, next, number, PLAN_DEAD);
        break;
    case DISPOSITION_HOLD:
        run->result = FINISH_RELEASE;
        run_follow(mover, next, number, PLAN_HOLD);
        break;
    case DISPOSITION_BEGIN_AGAIN:
        run_follow(mover, next, number, PLAN_AGAIN);
        break;
    case DISPOSITION_STOP:
        give_up(mover, next, number);
        break;
    }
}

static void write_dot(struct mover *mover, unsigned number)
{
    static const struct {
        enum relay_answer answer;
        enum budget budget;
        bool accepted;
    } answers[] = {{RELAY_250, BUDGET_COUNT, true},
                   {RELAY_4XX, REFUSALS_4XX, false},
                   {RELAY_5XX, REFUSALS_5XX, false},
                   {RELAY_CUT_ACCEPTED, CUTS, true},
                   {RELAY_CUT_REFUSED, CUTS, false}};
    char name[32];
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].budget != BUDGET_COUNT && !move_can(mover, answers[i].budget))
            continue;
        struct state *next = move_open(mover, "%s writes the dot: %s", run_name(mover, number, name),
                                       relay_words[answers[i].answer]);
        struct run *run = &next->work.runs[number];
        if (answers[i].budget != BUDGET_COUNT)
            move_spend(mover, next, answers[i].budget);
        run->phase = PHASE_AT_DOT;
        run->relay = (uint8_t)answers[i].answer;
        if (answers[i].accepted)
            mover->broken |= promise_mailed(mover->clerk, next, run->message.request, run->inc);
        move_close(mover);
    }
}

static void mail(struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    const struct smtp_result withheld = {.kind = SMTP_WITHHELD, .stage = SMTP_STAGE_CONTENT};
    const struct smtp_result unreachable = {.kind = SMTP_UNAVAILABLE, .stage = SMTP_STAGE_CONNECT};
    char name[32];
    struct state *next;
    if (run->phase == PHASE_CHECKED) {
        write_dot(mover, number);
        return;
    }
    if (run->revoked) {
        next =
            move_open(mover, "%s hears that its partition is gone: gives up", run_name(mover, number, name));
        give_up(mover, next, number);
        move_close(mover);
    }
    if (run->has_lease && !run->lease_ok)
        moves_of_renewal(mover, number);
    if (run->lease_ok) {
        next = move_open(mover, "%s has its lease, is about to write the dot", run_name(mover, number, name));
        next->work.runs[number].phase = PHASE_CHECKED;
    } else {
        next = move_open(mover, "%s has no lease any more: no dot", run_name(mover, number, name));
        dispose(mover, next, number, &withheld);
    }
    move_close(mover);
    if (move_can(mover, UNREACHABLE)) {
        next = move_open(mover, "%s finds no relay", run_name(mover, number, name));
        move_spend(mover, next, UNREACHABLE);
        dispose(mover, next, number, &unreachable);
        move_close(mover);
    }
}

static void hear_relay(struct mover *mover, unsigned number)
{
    static const struct smtp_result results[] = {
        [RELAY_250] = {.kind = SMTP_ACCEPTED, .stage = SMTP_STAGE_DOT, .code = 250},
        [RELAY_4XX] = {.kind = SMTP_REFUSED, .stage = SMTP_STAGE_DOT, .code = 451},
        [RELAY_5XX] = {.kind = SMTP_REFUSED, .stage = SMTP_STAGE_DOT, .code = 550, .permanent = true},
        [RELAY_CUT_ACCEPTED] = {.kind = SMTP_UNCERTAIN, .stage = SMTP_STAGE_DOT},
        [RELAY_CUT_REFUSED] = {.kind = SMTP_UNCERTAIN, .stage = SMTP_STAGE_DOT},
    };
    const struct run *run = &mover->from->work.runs[number];
    char name[32];
    if (run->has_lease && !run->lease_ok)
        moves_of_renewal(mover, number);
    struct state *next =
        move_open(mover, "%s hears: %s", run_name(mover, number, name), relay_words[run->relay]);
    dispose(mover, next, number, &results[run->relay]);
    move_close(mover);
    if (!mover->clerk->scenario->parks || run->parked || run->revoked || run_step(run) == STEP_AWAIT)
        return;
    next = move_open(mover, "%s waits long at the dot", run_name(mover, number, name));
    next->work.runs[number].result = FINISH_PARK;
    next->work.runs[number].deferred = 1;
    run_follow(mover, next, number, PLAN_PARK);
    move_close(mover);
}

static void write_copy(struct mover *mover, unsigned number)
{
    const struct message *message = &mover->from->work.runs[number].message;
    char name[32];
    for (int lost = 0; lost <= move_can(mover, LOST_ACKS); lost++) {
        struct state *next = move_open(mover, "%s writes retry copy %u%s", run_name(mover, number, name),
                                       message->copy + 1U, lost ? ", its acknowledgement is lost" : "");
        work_publish(next, message->request, message->generation, message->copy + 1U);
        next->history.copies[message->request]++;
        if (lost)
            move_spend(mover, next, LOST_ACKS);
        else
            run_next(mover, next, number);
        move_close(mover);
    }
}

static void write_dead_letter(struct mover *mover, unsigned number)
{
    char name[32];
    struct state *next = move_open(mover, "%s: dead letter acknowledged", run_name(mover, number, name));
    const struct run *run = &next->work.runs[number];
    next->history.dead_letters[run->message.request] |= (uint8_t)(1U << run->told.generation);
    run_next(mover, next, number);
    move_close(mover);
}

static void write_audit(struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    char name[32];
    if (run->deferred || !request_state_is_terminal(run->told.state)) {
        struct state *next =
            move_open(mover, "%s: audit deferred acknowledged", run_name(mover, number, name));
        next->work.runs[number].deferred = 0;
        run_next(mover, next, number);
        move_close(mover);
        return;
    }
    struct audit audit = {
        .request = run->message.request,
        .generation = run->told.generation,
        .inc = run->told.inc,
        .state = run->told.state,
        .reason = run->told.reason,
        .maybe_mailed = run->told.maybe_mailed && run->told.state != REQUEST_SENT,
        .rebuilt = run->told.rebuilt,
        .after_loss = run->told_after_loss,
    };
    struct state *next = move_open(mover, "%s: audit %s%s%s acknowledged", run_name(mover, number, name),
                                   request_state_name(audit.state), audit.reason ? " " : "",
                                   audit.reason ? reason_name(audit.reason) : "");
    mover->broken |= promise_audited(mover->clerk, next, &audit);
    run_next(mover, next, number);
    move_close(mover);
}

static void complete(struct mover *mover, unsigned number)
{
    char name[32];
    const struct run *run = &mover->from->work.runs[number];
    struct state *next = move_open(mover, "%s %s", run_name(mover, number, name),
                                   run->revoked  ? "may not store its offset"
                                   : run->parked ? "has no offset to store"
                                                 : "stores its offset");
    if (!run->revoked && !run->parked)
        work_commit(next, &run->message);
    struct run *changed = &next->work.runs[number];
    changed->at++;
    if (run_step(changed) == STEP_AWAIT)
        changed->parked = 1;
    changed->at--;
    run_next(mover, next, number);
    move_close(mover);
}

static void tell_completion(struct mover *mover, unsigned number)
{
    char name[32];
    struct state *next = move_open(mover, "%s: audit completed acknowledged", run_name(mover, number, name));
    next->history.completed |= (uint8_t)(1U << next->work.runs[number].message.request);
    run_next(mover, next, number);
    move_close(mover);
}

void moves_of_run(struct mover *mover, unsigned number)
{
    const struct run *run = &mover->from->work.runs[number];
    switch (run_step(run)) {
    case STEP_BEGIN:
        moves_of_begin(mover, number);
        break;
    case STEP_MAIL:
        if (run->phase == PHASE_AT_DOT)
            hear_relay(mover, number);
        else
            mail(mover, number);
        break;
    case STEP_AWAIT:
        hear_relay(mover, number);
        break;
    case STEP_COPY:
        write_copy(mover, number);
        break;
    case STEP_FINISH:
        moves_of_finish(mover, number);
        break;
    case STEP_DEAD_LETTER:
        write_dead_letter(mover, number);
        break;
    case STEP_AUDIT:
        write_audit(mover, number);
        break;
    case STEP_COMPLETE:
        complete(mover, number);
        break;
    case STEP_COMPLETION:
        tell_completion(mover, number);
        break;
    default:
        break;
    }
}
