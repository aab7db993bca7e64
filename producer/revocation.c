/* Revoked in the store first, then in the audit trail, then told: 204 means both, 503 that it is to be asked
 * again, which does no harm.  Whether there is such a user, and anything to revoke, shows neither in the
 * answer nor in the record. */
#include "producer/revocation.h"

#include <stddef.h>
#include <stdlib.h>

#include <jansson.h>

#include "core/event_fields.h"
#include "core/json_bytes.h"
#include "producer/http_call.h"

struct revocation {
    struct http_call *call;
    json_t *tree; /* what the texts point into */
    struct text tenant, user_id;
};

static const struct field fields[] = {
    {"tenant", FIELD_TENANT, true, 1, 128, offsetof(struct revocation, tenant)},
    {"user_id", FIELD_TEXT, true, 1, 128, offsetof(struct revocation, user_id)},
};
static const struct field_table table = {"", fields, sizeof fields / sizeof *fields};

static void end(struct revocation *revocation)
{
    json_decref(revocation->tree);
    free(revocation);
}

static void fail(struct revocation *revocation, const char *detail)
{
    http_call_unavailable(&revocation->call, detail);
    end(revocation);
}

static void on_audited(void *context, const struct kafka_delivery *delivery)
{
    struct revocation *revocation = context;
    serve_note_delivery(revocation->call->serve, delivery);
    if (delivery->status != STATUS_OK) {
        fail(revocation, "the revocation is not in the audit trail yet: ask again");
        return;
    }
    http_call_empty(&revocation->call);
    end(revocation);
}

static void on_revoked(void *context, const struct reset_answer *answer)
{
    struct revocation *revocation = context;
    struct http_call *call = revocation->call;
    struct error error = {0};
    if (answer->status != STATUS_OK || answer->verdict != VERDICT_OK || call->serve->ended) {
        fail(revocation, "Redis does not answer: ask again");
        return;
    }
    struct audit_record record = {
        .outcome = OUTCOME_REVOKED,
        .tenant = revocation->tenant,
        .user_id = revocation->user_id,
        .has_asserted_by = true,
        .asserted_by = {.channel = CHANNEL_HTTP, .key_id = call->key->id},
        .traceparent = call->traceparent,
    };
    if (audit_trail_write(call->serve->audit, &record, on_audited, revocation, &error))
        fail(revocation, "Kafka takes nothing at the moment: ask again");
}

static void deny(struct revocation *revocation)
{
    struct audit_record record = {.tenant = revocation->tenant, .user_id = revocation->user_id};
    http_call_deny(&revocation->call, &record, REASON_TENANT, policy_sentence(REASON_TENANT));
    end(revocation);
}

void revocation_handle(struct http_call *call)
{
    struct error error = {0};
    if (!http_call_needs_scope(&call, SCOPE_REVOKE))
        return;
    struct revocation *revocation = calloc(1, sizeof *revocation);
    if (!revocation) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    revocation->call = call;
    enum status status = json_read(call->body, REQUEST_MAXIMUM_SIZE, &revocation->tree, NULL, &error);
    if (status == STATUS_OK)
        status = fields_read(revocation->tree, &table, "", true, NULL, revocation, &error);
    if (status == STATUS_INVALID) {
        http_call_bad(&revocation->call, &error);
        end(revocation);
    } else if (status != STATUS_OK) {
        fail(revocation, "no memory");
    } else if (!grant_has_tenant(&call->key->grant, revocation->tenant)) {
        deny(revocation);
    } else {
        reset_store_revoke(call->serve->store, revocation->tenant, revocation->user_id, on_revoked,
                           revocation);
    }
}
