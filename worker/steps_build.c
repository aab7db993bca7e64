/* The message: made from the event and the lease alone, so that the same lease gives the same link, the same
 * password, the same Message-ID.  What kind of mail it is, and whether a secret is in it, follows from the
 * method (core/method.h).
 *
 * The secret exists here on the stack and in the message; it is derived again from the lease's seed and
 * compared with the form of it that Redis keeps: a mail never goes out with one that would not be accepted.
 */
#include <stdio.h>

#include <sodium.h>

#include "core/hex.h"
#include "core/mail/mail_kind.h"
#include "core/temporary_password.h"
#include "io/clock.h"
#include "io/failpoint.h"
#include "io/log.h"
#include "worker/steps.h"

/* MESSAGE_USUAL: what a mail takes, so that its buffer is made once and not grown (and wiped) step by step.
 */
enum { UNKNOWN_KEY_REST_MS = 10000, MEMORY_REST_MS = 1000, MESSAGE_USUAL = 12 * 1024 };

struct secret {
    char token[TOKEN_LENGTH + 1], password[TEMPORARY_PASSWORD_LENGTH + 1]; /* "": not of this mail */
};

static enum mail_trigger trigger_of(const struct job *job)
{
    const struct request *request = &job->event->request;
    const struct policy *policy = &job->worker->settings.policy.policy;
    if (request_class(request) == ACTOR_SELF)
        return MAIL_TRIGGER_SELF;
    for (size_t i = 1; i < policy->admin_role_count; i++)
        if (text_equal(request->actor_role, policy->admin_roles[i]))
            return MAIL_TRIGGER_MANAGER;
    return MAIL_TRIGGER_ADMINISTRATOR;
}

/* What is missing may come: the event waits for it, others go on. */
static enum progress build_later(struct job *job, int64_t rest_ms)
{
    job->finish = (struct reset_finish){.result = FINISH_RELEASE};
    job->wake_at_ms = clock_monotonic_ms() + rest_ms;
    return job_follow(job, plan_release_and_rest);
}

/* A key that this worker does not have (yet). */
static enum progress wait_for_key(struct job *job, const char *why)
{
    log_write(LOG_LEVEL_ERROR,
              "a link or password cannot be made again: token.master_keys_file is not the same everywhere",
              LOG_TEXT("request_id", job->event->id), LOG_BYTES("kid", job->lease.record.kid),
              LOG_TEXT("why", why));
    return build_later(job, UNKNOWN_KEY_REST_MS);
}

static enum progress wait_for_memory(struct job *job)
{
    log_write(LOG_LEVEL_ERROR, "no memory for a mail: it is built later",
              LOG_TEXT("request_id", job->event->id));
    return build_later(job, MEMORY_REST_MS);
}

static enum progress bury_mail(struct job *job, const struct error *error)
{
    job->reason = strcmp(error->field, "/user/email") == 0 ? REASON_ADDRESS : REASON_MAIL;
    snprintf(job->fault, sizeof job->fault, "%s", error->text);
    job->finish = (struct reset_finish){.result = FINISH_DEAD, .reason = job->reason};
    return job_follow(job, plan_dead);
}

/* NULL, or why the secret that the lease stands for cannot be made here. */
static const char *make_secret(const struct job *job, struct secret *secret)
{
    const struct request_record *lease = &job->lease.record;
    const struct request *request = &job->event->request;
    const struct text id = text_of(job->event->id);
    char stored[TOKEN_STORED_LENGTH + 1];
    enum method_secret wanted = method_traits(request->method)->mailed;
    if (wanted == SECRET_NONE)
        return NULL;
    const struct keyring_key *key = keyring_find(job->worker->token_keys, lease->kid);
    if (!key)
        return "unknown key id";
    if (wanted == SECRET_TOKEN) {
        token_derive(key, request->tenant, request->user_id, id, lease->seed, secret->token);
        token_stored(text_of(secret->token), stored);
    } else {
        temporary_password_derive(key, request->tenant, request->user_id, id, lease->seed, secret->password);
        temporary_password_stored(key, text_of(secret->password), stored);
    }
    return sodium_memcmp(stored, lease->stored, TOKEN_STORED_LENGTH) == 0 ? NULL
                                                                          : "another key under the same id";
}

/* How long the link or password lives altogether, as its mail says it. */
static int64_t lifetime_of(const struct job *job)
{
    const struct request_record *lease = &job->lease.record;
    bool staged = method_traits(job->event->request.method)->staged; /* made before it began to count */
    return staged ? DECISION_PASSWORD_MS : lease->expires_ms - lease->made_ms;
}

/* When the password was changed, as its service says; never after it was told. */
static int64_t happened_at(const struct job *job)
{
    return job->event->time_ms < job->position.t0_ms ? job->event->time_ms : job->position.t0_ms;
}

static enum status write_message(struct job *job, const struct secret *secret, struct error *error)
{
    const struct worker *worker = job->worker;
    const struct request_record *lease = &job->lease.record;
    const struct request *request = &job->event->request;
    char incarnation[2 * RECORD_INC_SIZE + 1];
    struct message_facts facts = {0};
    hex_encode(lease->inc, sizeof lease->inc, incarnation);
    struct mail mail = {
        .kind = mail_kind_named(text_of(method_traits(request->method)->mail)),
        .trigger = trigger_of(job),
        .to = request->user_email,
        .name = request->name_unusable ? (struct text){0} : request->user_name,
        .tenant = request->tenant,
        .branding = branding_find(worker->brandings, request->tenant),
        .locale = request->user_locale,
        .zone = time_zones_find(worker->zones, request->user_timezone),
        .token = text_of(secret->token),
        .password = text_of(secret->password),
        .request_id = text_of(job->event->id),
        .incarnation = text_of(incarnation),
        .expires_at_ms = lease->expires_ms,
        .lifetime_ms = lifetime_of(job),
        .happened_at_ms = happened_at(job),
        .now_ms = lease_now_ms(job),
    };
    enum status status = message_build(worker->profile, &mail, &job->message, &facts, error);
    job->needs_smtputf8 = facts.needs_smtputf8;
    return status;
}

enum progress step_build(struct job *job)
{
    struct secret secret = {0};
    struct error error = {0};
    buffer_reset(&job->message); /* it may have failed for want of memory before */
    if (!buffer_prepare(&job->message, MESSAGE_USUAL))
        return wait_for_memory(job);
    if (FAILPOINT("build.%.*s", (int)job->event->request.tenant.size, job->event->request.tenant.bytes))
        return wait_for_memory(job);
    const char *fault = make_secret(job, &secret);
    enum status status = fault ? STATUS_OK : write_message(job, &secret, &error);
    sodium_memzero(&secret, sizeof secret);
    if (fault)
        return wait_for_key(job, fault);
    if (status == STATUS_MEMORY)
        return wait_for_memory(job);
    return status == STATUS_OK ? PROGRESS_NEXT : bury_mail(job, &error);
}
