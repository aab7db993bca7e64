/* Decode, decide, name, publish: one event for the current address and, where there is another previous one,
 * one for that; the answer waits until Kafka has both.
 *
 * The second id follows from the first, so that a repeat under the same Idempotency-Key is the same two
 * events, whatever became of them the first time.  An Idempotency-Key here is another one than the same under
 * /v1/password-resets: the id is derived once more.
 *
 * What the change ends is ended here at once, before it is told: with the relay or the workers away the event
 * may wait for hours, and whoever has the user's mail must not come back with an older link meanwhile.  Where
 * Redis does not answer, the event alone does it.  Either event does all that again (its worker is
 * idempotent), so a 503 after the first leaves nothing half done but a notice. */
#include "producer/password_change.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/uuid.h"
#include "io/clock.h"
#include "io/log.h"
#include "producer/http_call.h"

#define CLOCKS_DIFFER "the clocks of this service and of Kafka differ too much"

struct announcement {
    struct http_call *call;
    struct password_change *change;
    char id[UUID_LENGTH + 1], previous_id[UUID_LENGTH + 1];
    int under_way;        /* events that Kafka has not reported on */
    const char *trouble;  /* NULL: none yet */
    struct error refusal; /* of an event that Kafka never takes */
};

static void end(struct announcement *announcement)
{
    password_change_free(&announcement->change);
    free(announcement);
}

static void fail(struct announcement *announcement, const char *detail)
{
    http_call_unavailable(&announcement->call, detail);
    end(announcement);
}

static void answer(struct announcement *announcement)
{
    char body[64];
    if (announcement->refusal.status != STATUS_OK) {
        http_call_bad(&announcement->call, &announcement->refusal);
        end(announcement);
        return;
    }
    if (announcement->trouble) {
        fail(announcement, announcement->trouble);
        return;
    }
    snprintf(body, sizeof body, "{\"id\":\"%s\"}", announcement->id);
    http_call_json(&announcement->call, 202, text_of(body));
    end(announcement);
}

static void on_delivered(void *context, const struct kafka_delivery *delivery)
{
    struct announcement *announcement = context;
    struct serve *serve = announcement->call->serve;
    serve_note_delivery(serve, delivery);
    if (delivery->status != STATUS_OK)
        announcement->trouble =
            "Kafka has not acknowledged the change: tell it again with the same Idempotency-Key";
    else if (delivery->broker_timestamp && !kafka_clock_agrees(&serve->kafka_clock, clock_monotonic_ms()))
        announcement->trouble = CLOCKS_DIFFER;
    if (--announcement->under_way == 0)
        answer(announcement);
}

/* False where Kafka takes nothing. */
static bool announce(struct announcement *announcement, const struct request *request, const char *id)
{
    struct http_call *call = announcement->call;
    struct error error = {0};
    const struct publication publication = {
        .request = request,
        .id = id,
        .asserted_by = {.channel = CHANNEL_HTTP, .key_id = call->key->id},
        .traceparent = call->traceparent,
    };
    enum status status =
        event_publisher_send(call->serve->publisher, &publication, on_delivered, announcement, &error);
    if (status == STATUS_OK)
        return true;
    announcement->trouble =
        "Kafka takes nothing at the moment: tell the change again with the same Idempotency-Key";
    if (status == STATUS_INVALID)
        announcement->refusal = error;
    else
        metrics_add(call->serve->metrics, METRIC_KAFKA_PRODUCE_ERRORS,
                    LABELS(status == STATUS_FULL ? "full" : "retryable"), 1);
    return false;
}

/* The count stands before the first send: a report may come while the second is made. */
static void publish(struct announcement *announcement)
{
    const struct password_change *change = announcement->change;
    if (!kafka_clock_admits(&announcement->call->serve->kafka_clock, clock_monotonic_ms())) {
        fail(announcement, CLOCKS_DIFFER);
        return;
    }
    announcement->under_way = 1;
    if (announce(announcement, &change->request, announcement->id))
        announcement->under_way++;
    if (!announcement->trouble && change->previous_email.size > 0) {
        const struct request previous = password_change_previous(change);
        if (announce(announcement, &previous, announcement->previous_id))
            announcement->under_way++;
    }
    password_change_free(&announcement->change);
    http_call_wipe(announcement->call);
    if (--announcement->under_way == 0)
        answer(announcement);
}

static void on_ended(void *context, const struct reset_answer *answered)
{
    struct announcement *announcement = context;
    if (announcement->call->serve->ended) {
        fail(announcement, "the service is ending");
        return;
    }
    if (answered->status != STATUS_OK)
        log_write(LOG_LEVEL_WARNING,
                  "a change of a password ends older links when a worker takes it, not before",
                  LOG_TEXT("status", status_name(answered->status)));
    publish(announcement);
}

static void end_older(struct announcement *announcement)
{
    const struct request *request = &announcement->change->request;
    reset_store_changed(announcement->call->serve->store, request->tenant, request->user_id, on_ended,
                        announcement);
}

static void on_status(void *context, const struct reset_answer *answered)
{
    struct announcement *announcement = context;
    unsigned char digest[EVENT_DIGEST_SIZE];
    if (announcement->call->serve->ended) {
        fail(announcement, "the service is ending");
        return;
    }
    if (answered->status != STATUS_OK) {
        on_ended(announcement, answered);
        return;
    }
    if (answered->verdict != VERDICT_OK || !answered->request) {
        end_older(announcement);
        return;
    }
    request_digest(&announcement->change->request, digest);
    if (memcmp(digest, answered->request->digest, sizeof digest) != 0) {
        http_call_problem(
            &announcement->call,
            &(struct http_problem){
                .status = 422, .detail = "this Idempotency-Key was used with another body: take a new one"});
        end(announcement);
        return;
    }
    publish(announcement); /* a worker has begun it: what is there now was asked for after it */
}

static void name_events(struct announcement *announcement)
{
    const struct http_call *call = announcement->call;
    unsigned char random[UUID_V7_RANDOM];
    struct uuid uuid;
    if (call->idempotency_key.bytes) {
        uuid = uuid_of_idempotency_key(call->key->id, call->idempotency_key);
        uuid_print(&uuid, announcement->id);
        uuid = uuid_derived(text_of(announcement->id), TEXT("password-change"));
    } else {
        process_random(random, sizeof random);
        uuid = uuid_v7(clock_realtime_ms(), random);
    }
    uuid_print(&uuid, announcement->id);
    uuid = uuid_derived(text_of(announcement->id), TEXT("previous"));
    uuid_print(&uuid, announcement->previous_id);
}

static void deny(struct announcement *announcement, enum reason reason)
{
    const struct request *request = &announcement->change->request;
    struct audit_record record = {
        .tenant = request->tenant,
        .user_id = request->user_id,
        .actor_role = request->actor_role,
        .actor_id = request->actor_id,
        .actor_tenant = request->actor_tenant,
        .has_method = true,
        .method = request->method,
        .completes = text_of(request->completes),
    };
    http_call_audit_denied(announcement->call, &record, reason);
    http_call_problem(&announcement->call, &(struct http_problem){.status = 403,
                                                                  .detail = policy_sentence(reason),
                                                                  .reason = reason_name(reason)});
    end(announcement);
}

/* Decides and goes on; the body is decoded. */
static void take(struct announcement *announcement)
{
    struct http_call *call = announcement->call;
    enum reason reason =
        policy_decide(&call->serve->policy.policy, &call->key->grant, &announcement->change->request);
    if (reason != REASON_NONE) {
        deny(announcement, reason);
        return;
    }
    name_events(announcement);
    if (call->serve->store && call->idempotency_key.bytes)
        reset_store_status(call->serve->store, text_of(announcement->id), on_status, announcement);
    else if (call->serve->store)
        end_older(announcement);
    else
        publish(announcement);
}

void password_change_handle(struct http_call *call)
{
    struct error error = {0};
    if (!http_call_needs_scope(&call, SCOPE_NOTIFY))
        return;
    struct announcement *announcement = calloc(1, sizeof *announcement);
    if (!announcement) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    announcement->call = call;
    enum status status = http_call_check_idempotency_key(call, &error);
    if (status == STATUS_OK)
        status = password_change_decode(call->body, &announcement->change, NULL, &error);
    if (status == STATUS_INVALID) {
        http_call_bad(&announcement->call, &error);
        end(announcement);
    } else if (status != STATUS_OK) {
        fail(announcement, "no memory");
    } else {
        take(announcement);
    }
}
