/* Decode, decide, name, publish; the answer waits for Kafka's.
 *
 * A temporary password that is handed over or chosen is staged in Redis before its request is published, so
 * that the worker finds it; the one in the answer is told once and kept nowhere.
 *
 * The limits of client and key come before anything about the account is looked at.  A request that ends in
 * 503 has used up nothing: whoever asks again as told is not locked out by an outage of ours. */
#include "producer/reset_request.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "core/chosen_password.h"
#include "core/method.h"
#include "io/clock.h"
#include "producer/call_event.h"
#include "producer/password_staging.h"

struct reset {
    struct http_call *call;
    struct request *request; /* until it is published */
    struct intake_pass pass;
    struct password_staging staging;
    char id[UUID_LENGTH + 1];
};

static void end(struct reset *reset)
{
    password_staging_clear(&reset->staging);
    request_free(&reset->request);
    free(reset);
}

static void fail(struct reset *reset, const char *detail)
{
    intake_limits_give_back(reset->call->serve->limits, &reset->pass);
    http_call_unavailable(&reset->call, detail);
    end(reset);
}

static void answer_accepted(struct reset *reset)
{
    char body[192];
    if (*reset->staging.shown)
        snprintf(body, sizeof body, "{\"id\":\"%s\",\"temporary_password\":\"%s\"}", reset->id,
                 reset->staging.shown);
    else
        snprintf(body, sizeof body, "{\"id\":\"%s\"}", reset->id);
    http_call_json(&reset->call, 202, text_of(body));
    sodium_memzero(body, sizeof body);
    end(reset);
}

static void on_delivered(void *context, const struct kafka_delivery *delivery)
{
    struct reset *reset = context;
    const char *trouble = call_event_delivered(reset->call, delivery);
    if (trouble)
        fail(reset, trouble);
    else
        answer_accepted(reset);
}

static void publish(struct reset *reset)
{
    struct http_call *call = reset->call;
    struct error error = {0};
    enum status status =
        call_event_publish(call, reset->request, reset->id, policy_is_bulk(&call->key->grant, reset->request),
                           on_delivered, reset, &error);
    if (status == STATUS_OK) {
        request_free(&reset->request);
        http_call_wipe(call);
    } else if (status == STATUS_INVALID) {
        http_call_bad(&reset->call, &error);
        end(reset);
    } else {
        fail(reset, error.text);
    }
}

static void on_staged(void *context, enum staging_end how)
{
    struct reset *reset = context;
    if (reset->call->serve->ended) {
        fail(reset, "the service is ending");
    } else if (how == STAGING_DONE) {
        publish(reset);
    } else if (how == STAGING_BEGUN) {
        http_call_problem(&reset->call,
                          &(struct http_problem){.status = 409,
                                                 .detail = "this request is under way with the password that "
                                                           "was shown or chosen first: for another one ask "
                                                           "with a new Idempotency-Key"});
        end(reset);
    } else if (how == STAGING_BUSY) {
        fail(reset, "other passwords are being hashed: ask again with the same Idempotency-Key");
    } else {
        fail(reset, "Redis does not answer: ask again with the same Idempotency-Key");
    }
}

static void stage_or_publish(struct reset *reset)
{
    if (method_traits(reset->request->method)->staged)
        password_staging_start(&reset->staging, reset->call, reset->request, reset->id, on_staged, reset);
    else
        publish(reset);
}

static void on_status(void *context, const struct reset_answer *answer)
{
    struct reset *reset = context;
    if (reset->call->serve->ended)
        fail(reset, "the service is ending");
    else if (!call_event_is_same(&reset->call, reset->request, answer))
        end(reset);
    else
        stage_or_publish(reset);
}

static void describe(const struct reset *reset, struct audit_record *record)
{
    *record = (struct audit_record){0};
    if (reset->request)
        audit_record_request(record, reset->request);
}

static void deny(struct reset *reset, enum reason reason, const char *sentence)
{
    struct audit_record record;
    describe(reset, &record);
    http_call_deny(&reset->call, &record, reason, sentence);
    end(reset);
}

static void refuse(struct reset *reset, const struct intake_refusal *refusal)
{
    struct audit_record record;
    describe(reset, &record);
    if (!refusal->quiet)
        http_call_audit_denied(reset->call, &record, refusal->reason);
    http_call_problem(&reset->call, &(struct http_problem){
                                        .status = 429,
                                        .detail = refusal->reason == REASON_KEY_LIMIT
                                                      ? "too many requests under this API key"
                                                      : "too many requests from this client",
                                        .reason = reason_name(refusal->reason),
                                        .retry_after_s = refusal->retry_after_s,
                                    });
    end(reset);
}

static bool passes_key(struct reset *reset)
{
    const struct http_call *call = reset->call;
    struct intake_refusal refusal;
    if (intake_limits_pass_key(call->serve->limits, call->key->id, clock_monotonic_ms(), &reset->pass,
                               &refusal))
        return true;
    refuse(reset, &refusal);
    return false;
}

/* Many requests in one administrator's name come from one address: they have a budget of their own. */
static bool passes_client(struct reset *reset)
{
    const struct http_call *call = reset->call;
    struct intake_refusal refusal;
    if (policy_is_bulk(&call->key->grant, reset->request) ||
        intake_limits_pass_client(call->serve->limits, reset->request, clock_monotonic_ms(), &reset->pass,
                                  &refusal))
        return true;
    refuse(reset, &refusal);
    return false;
}

/* Who may ask is asked before how good the password is: the rules are for those who may choose one. */
static bool is_allowed(struct reset *reset)
{
    const struct http_call *call = reset->call;
    const struct request *request = reset->request;
    struct error error = {0};
    enum reason reason = policy_decide(&call->serve->policy.policy, &call->key->grant, request);
    if (reason != REASON_NONE) {
        deny(reset, reason, policy_sentence(reason));
    } else if (method_traits(request->method)->staged && !call->serve->store) {
        deny(reset, REASON_METHOD, "this method needs Redis here (redis.url)");
    } else if (request->password.size && chosen_password_check(request, &error)) {
        http_call_bad(&reset->call, &error);
        end(reset);
    } else {
        return true;
    }
    return false;
}

void reset_request_handle(struct http_call *call)
{
    struct error error = {0};
    struct reset *reset = calloc(1, sizeof *reset);
    if (!reset) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    reset->call = call;
    if (!passes_key(reset))
        return;
    enum status status = http_call_check_idempotency_key(call, &error);
    if (status == STATUS_OK)
        status = request_decode(call->body, &reset->request, NULL, &error);
    if (status == STATUS_INVALID) {
        http_call_bad(&reset->call, &error);
        end(reset);
        return;
    }
    if (status != STATUS_OK) {
        fail(reset, "no memory");
        return;
    }
    if (!passes_client(reset))
        return;
    if (!is_allowed(reset))
        return;
    call_event_name(call, TEXT(""), reset->id);
    if (call->serve->store && call->idempotency_key.bytes)
        reset_store_status(call->serve->store, text_of(reset->id), on_status, reset);
    else
        stage_or_publish(reset);
}
