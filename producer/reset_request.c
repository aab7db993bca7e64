/* Decode, decide, name, publish; the answer waits for Kafka's.
 *
 * A repeat under the same Idempotency-Key gets the same id, whichever producer it reaches, and so is one
 * request to the worker.  Where Redis is there and a worker has begun the first, another body is told so at
 * once (422); where Redis does not answer, the worker tells (audit `denied`, id_reused).
 *
 * The clocks: a 202 is for an event that a worker will take as timely.  When Kafka's own timestamp of this
 * very event says otherwise, the caller hears 503.
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
#include "core/uuid.h"
#include "io/clock.h"
#include "io/log.h"
#include "producer/http_call.h"
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
    struct serve *serve = reset->call->serve;
    serve_note_delivery(serve, delivery);
    if (delivery->status != STATUS_OK) {
        fail(reset, "Kafka has not acknowledged the request: ask again with the same Idempotency-Key");
        return;
    }
    if (delivery->broker_timestamp && !kafka_clock_agrees(&serve->kafka_clock, clock_monotonic_ms())) {
        fail(reset, "the clocks of this service and of Kafka differ too much");
        return;
    }
    answer_accepted(reset);
}

static void publish(struct reset *reset)
{
    struct http_call *call = reset->call;
    struct serve *serve = call->serve;
    struct error error = {0};
    if (!kafka_clock_admits(&serve->kafka_clock, clock_monotonic_ms())) {
        fail(reset, "the clocks of this service and of Kafka differ too much");
        return;
    }
    const struct publication publication = {
        .request = reset->request,
        .id = reset->id,
        .asserted_by = {.channel = CHANNEL_HTTP,
                        .key_id = call->key->id,
                        .bulk = policy_is_bulk(&call->key->grant, reset->request)},
        .traceparent = call->traceparent,
    };
    enum status status = event_publisher_send(serve->publisher, &publication, on_delivered, reset, &error);
    if (status == STATUS_OK) {
        request_free(&reset->request);
        http_call_wipe(call);
    } else if (status == STATUS_INVALID) {
        http_call_bad(&reset->call, &error);
        end(reset);
    } else {
        metrics_add(serve->metrics, METRIC_KAFKA_PRODUCE_ERRORS,
                    LABELS(status == STATUS_FULL ? "full" : "retryable"), 1);
        fail(reset, "Kafka takes nothing at the moment: ask again with the same Idempotency-Key");
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
    unsigned char digest[EVENT_DIGEST_SIZE];
    if (reset->call->serve->ended) {
        fail(reset, "the service is ending");
        return;
    }
    if (answer->status == STATUS_OK && answer->verdict == VERDICT_OK && answer->request) {
        request_digest(reset->request, digest);
        if (memcmp(digest, answer->request->digest, sizeof digest) != 0) {
            http_call_problem(
                &reset->call,
                &(struct http_problem){
                    .status = 422,
                    .detail = "this Idempotency-Key was used with another body: take a new one"});
            end(reset);
            return;
        }
    }
    stage_or_publish(reset);
}

static void name_request(struct reset *reset)
{
    const struct http_call *call = reset->call;
    unsigned char random[UUID_V7_RANDOM];
    struct uuid uuid;
    if (call->idempotency_key.bytes) {
        uuid = uuid_of_idempotency_key(call->key->id, call->idempotency_key);
    } else {
        process_random(random, sizeof random);
        uuid = uuid_v7(clock_realtime_ms(), random);
    }
    uuid_print(&uuid, reset->id);
}

static void audit_denied(struct reset *reset, enum reason reason)
{
    const struct request *request = reset->request;
    struct audit_record record = {0};
    if (request)
        audit_record_request(&record, request);
    http_call_audit_denied(reset->call, &record, reason);
}

static void deny(struct reset *reset, enum reason reason, const char *sentence)
{
    audit_denied(reset, reason);
    http_call_problem(&reset->call, &(struct http_problem){
                                        .status = 403, .detail = sentence, .reason = reason_name(reason)});
    end(reset);
}

static void refuse(struct reset *reset, const struct intake_refusal *refusal)
{
    if (!refusal->quiet)
        audit_denied(reset, refusal->reason);
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
    name_request(reset);
    if (call->serve->store && call->idempotency_key.bytes)
        reset_store_status(call->serve->store, text_of(reset->id), on_status, reset);
    else
        stage_or_publish(reset);
}
