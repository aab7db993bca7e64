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

#include "io/log.h"
#include "producer/call_event.h"

struct announcement {
    struct http_call *call;
    struct password_change *change;
    char id[UUID_LENGTH + 1], previous_id[UUID_LENGTH + 1];
    int under_way;        /* events that Kafka has not reported on */
    struct error trouble; /* STATUS_OK: none yet; INVALID: Kafka never takes one of them */
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
    if (announcement->trouble.status == STATUS_INVALID) {
        http_call_bad(&announcement->call, &announcement->trouble);
        end(announcement);
        return;
    }
    if (announcement->trouble.status != STATUS_OK) {
        fail(announcement, announcement->trouble.text);
        return;
    }
    snprintf(body, sizeof body, "{\"id\":\"%s\"}", announcement->id);
    http_call_json(&announcement->call, 202, text_of(body));
    end(announcement);
}

static void on_delivered(void *context, const struct kafka_delivery *delivery)
{
    struct announcement *announcement = context;
    const char *trouble = call_event_delivered(announcement->call, delivery);
    if (trouble && announcement->trouble.status == STATUS_OK)
        error_set(&announcement->trouble, STATUS_UNAVAILABLE, "%s", trouble);
    if (--announcement->under_way == 0)
        answer(announcement);
}

static void announce(struct announcement *announcement, const struct request *request, const char *id)
{
    if (call_event_publish(announcement->call, request, id, false, on_delivered, announcement,
                           &announcement->trouble) == STATUS_OK)
        announcement->under_way++;
}

/* The count stands before the first send: a report may come while the second is made. */
static void publish(struct announcement *announcement)
{
    const struct password_change *change = announcement->change;
    announcement->under_way = 1;
    announce(announcement, &change->request, announcement->id);
    if (announcement->trouble.status == STATUS_OK && change->previous_email.size > 0) {
        const struct request previous = password_change_previous(change);
        announce(announcement, &previous, announcement->previous_id);
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
    if (announcement->call->serve->ended)
        fail(announcement, "the service is ending");
    else if (!call_event_is_same(&announcement->call, &announcement->change->request, answered))
        end(announcement);
    else if (answered->status != STATUS_OK)
        on_ended(announcement, answered);
    else if (answered->verdict != VERDICT_OK || !answered->request)
        end_older(announcement);
    else
        publish(announcement); /* a worker has begun it: what is there now was asked for after it */
}

static void name_events(struct announcement *announcement)
{
    call_event_name(announcement->call, TEXT("password-change"), announcement->id);
    const struct uuid uuid = uuid_derived(text_of(announcement->id), TEXT("previous"));
    uuid_print(&uuid, announcement->previous_id);
}

static void deny(struct announcement *announcement, enum reason reason)
{
    const struct request *request = &announcement->change->request;
    struct audit_record record = {.completes = text_of(request->completes)};
    audit_record_request(&record, request);
    http_call_deny(&announcement->call, &record, reason, policy_sentence(reason));
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
