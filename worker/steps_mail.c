/* The mail: handed to the relay, and judged by its answer.  The message has the secret, and is wiped as soon
 * as the relay has answered. */
#include <stdio.h>

#include "io/clock.h"
#include "io/failpoint.h"
#include "io/log.h"
#include "worker/steps.h"

static bool may_send_dot(void *context)
{
    const struct job *job = context;
    return !FAILPOINT("mail.dot") && lease_holds(job);
}

static void at_dot(void *context)
{
    struct job *job = context;
    job->mail_state = MAIL_AT_DOT;
    job->dot_at_ms = clock_monotonic_ms();
    if (FAILPOINT("mail.dot.written"))
        smtp_pool_abort(job->worker->smtp, job->delivery);
}

static void mail_answered(void *context, const struct smtp_result *result)
{
    struct job *job = context;
    job->result = *result;
    if (FAILPOINT("mail.answer") && result->kind == SMTP_ACCEPTED)
        job->result = (struct smtp_result){.kind = SMTP_UNCERTAIN, .stage = SMTP_STAGE_DOT};
    job->delivery = NULL;
    job->mail_state = MAIL_ANSWERED;
    buffer_clear(&job->message);
    enum step step = job_step(job);
    if (step == STEP_MAIL || step == STEP_AWAIT)
        job_answered(job, PROGRESS_NEXT);
}

enum progress step_mail(struct job *job)
{
    if (job->revoked || job->worker->drain_over)
        return job_give_up(job); /* there was no room until now */
    struct smtp_submission submission = {
        .recipient = job->event->request.user_email,
        .message = buffer_text(&job->message),
        .needs_smtputf8 = job->needs_smtputf8,
        .context = job,
        .may_send_dot = may_send_dot,
        .at_dot = at_dot,
        .done = mail_answered,
    };
    struct error error = {0};
    enum status status = FAILPOINT("mail.submit")
                             ? STATUS_FULL
                             : smtp_pool_submit(job->worker->smtp, &submission, &job->delivery, &error);
    job->mail_state = status == STATUS_OK ? MAIL_UNDER_WAY : MAIL_NONE;
    if (status != STATUS_OK && status != STATUS_FULL)
        return job_give_up(job); /* the pool is being drained */
    return PROGRESS_WAIT;        /* without room: job_tick asks again */
}

enum progress step_await(struct job *job)
{
    return job->mail_state == MAIL_ANSWERED ? PROGRESS_NEXT : PROGRESS_WAIT;
}

static void tell_gate(struct job *job)
{
    struct gate *gate = job->worker->gates[DEPENDENCY_SMTP];
    const struct smtp_result *result = &job->result;
    char why[96];
    switch (result->kind) {
    case SMTP_ACCEPTED:
    case SMTP_REFUSED:
        gate_success(gate);
        break;
    case SMTP_UNCERTAIN:
    case SMTP_UNAVAILABLE:
        /* Failed connections are told by the pool's observer, what we cut ourselves by nobody; here is what
         * breaks established ones. */
        if (result->stage == SMTP_STAGE_NONE || result->stage == SMTP_STAGE_CONNECT || job->lease_lost)
            break;
        snprintf(why, sizeof why, "the relay broke off at %s (%s %d)", smtp_stage_name(result->stage),
                 smtp_reason_name(result->reason), result->code);
        gate_failure(gate, why);
        break;
    default:
        break;
    }
}

static struct text write_enhanced(struct job *job)
{
    const struct smtp_enhanced_code *code = &job->result.enhanced;
    char *text = job->ended.enhanced;
    text[0] = '\0';
    if (code->class)
        snprintf(text, sizeof job->ended.enhanced, "%d.%d.%d", code->class, code->subject, code->detail);
    return text_of(text);
}

static enum progress retry(struct job *job, const struct disposition *disposition)
{
    job->finish.result = FINISH_PENDING;
    job->finish.reason = disposition->reason;
    job->finish.maybe_mailed = disposition->maybe_mailed;
    if (job->parked) {
        job->finish.copy = job->copy.copy;
        job->finish.due_ms = job->copy.retry_at_ms;
        return job_follow(job, plan_pending);
    }
    job->outcome = OUTCOME_DEFERRED;
    job->reason = disposition->reason;
    job->told = false;
    job->ended.attempt = job->lease.record.tries + 1;
    job->ended.maybe_mailed = job->lease.record.maybe_mailed || disposition->maybe_mailed;
    job->copy_tier = disposition->tier;
    job->copy = (struct retry_position){
        .generation = job->position.generation,
        .copy = job->position.copy + 1,
        .attempt = job->ended.attempt,
        .t0_ms = job->position.t0_ms,
        .retry_at_ms = lease_now_ms(job) + job->worker->settings.tiers_ms[disposition->tier],
        .reason = disposition->reason,
    };
    job->finish.copy = job->copy.copy;
    job->finish.due_ms = job->copy.retry_at_ms;
    return job_follow(job, plan_retry);
}

static enum progress die(struct job *job, const struct disposition *disposition)
{
    job->finish.result = FINISH_DEAD;
    job->finish.reason = disposition->reason;
    job->finish.maybe_mailed = disposition->maybe_mailed;
    snprintf(job->fault, sizeof job->fault, "the relay's answer at %s: %d %s",
             smtp_stage_name(job->result.stage), job->result.code, smtp_reason_name(job->result.reason));
    return job_follow(job, plan_dead);
}

static void count_mail(struct job *job, const struct disposition *disposition)
{
    struct worker *worker = job->worker;
    const char *classes[] = {"none", "other", "2xx", "3xx", "4xx", "5xx"};
    int class = job->result.code / 100;
    metrics_add(worker->metrics, METRIC_SMTP_REPLIES,
                LABELS(smtp_stage_name(job->result.stage), classes[class >= 0 && class <= 5 ? class : 0]), 1);
    if (disposition->maybe_mailed)
        metrics_add(worker->metrics, METRIC_MAYBE_MAILED, NO_LABELS, 1);
    if (disposition->action == DISPOSITION_SENT)
        metrics_observe(worker->metrics, METRIC_REQUEST_TO_ACCEPTED, NO_LABELS,
                        (double)(lease_now_ms(job) - job->position.t0_ms) / 1000);
}

enum progress step_dispose(struct job *job)
{
    tell_gate(job);
    bool serving = gate_serves(job->worker->gates[DEPENDENCY_SMTP]);
    job->shutdowns += disposition_is_shutdown(&job->result, serving);
    struct disposition_history history = {
        .tries = job->lease.record.tries,
        .tiers = job->worker->settings.tiers,
        .shutdowns = job->shutdowns,
        .leaving = job->revoked || job->parked || job->worker->drain_over,
    };
    struct disposition disposition = disposition_of_mail(&job->result, &history);
    count_mail(job, &disposition);
    job->mail_state = MAIL_NONE;
    job->ended.reply_code = (unsigned)job->result.code;
    job->finish =
        (struct reset_finish){.reply_code = (uint32_t)job->result.code, .enhanced = write_enhanced(job)};
    switch (disposition.action) {
    case DISPOSITION_SENT:
        job->finish.result = FINISH_SENT;
        return job_follow(job, plan_sent);
    case DISPOSITION_RETRY:
        return retry(job, &disposition);
    case DISPOSITION_DEAD:
        return die(job, &disposition);
    case DISPOSITION_HOLD:
        job->finish.result = FINISH_RELEASE;
        return job_follow(job, plan_hold);
    case DISPOSITION_BEGIN_AGAIN:
        job->lease_lost = true; /* no renewal keeps it from the next owner, who is this job again */
        return job_follow(job, plan_again);
    case DISPOSITION_STOP:
    default:
        return job_give_up(job);
    }
}

enum progress job_park(struct job *job)
{
    const struct worker *worker = job->worker;
    job->copy_tier =
        disposition_park_tier(worker->settings.tiers_ms, worker->settings.tiers, worker->settings.dot_ms);
    job->copy = (struct retry_position){
        .generation = job->position.generation,
        .copy = job->position.copy + 1,
        .attempt = job->lease.record.tries,
        .t0_ms = job->position.t0_ms,
        .retry_at_ms = lease_now_ms(job) + worker->settings.tiers_ms[job->copy_tier],
        .reason = REASON_PARKED,
    };
    job->finish = (struct reset_finish){.result = FINISH_PARK, .copy = job->copy.copy};
    job->outcome = OUTCOME_DEFERRED;
    job->reason = REASON_PARKED;
    job->told = false;
    return job_follow(job, plan_park);
}
