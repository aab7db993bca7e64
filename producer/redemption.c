/* The audit id is made of the request and the incarnation alone: a mail or its notice may be tried again, in
 * another copy, between two questions about the same link or password. */
#include "producer/redemption.h"

#include "core/hex.h"
#include "io/log.h"

static struct audit_record describe(const struct redemption *redemption)
{
    return (struct audit_record){
        .request_id = redemption->request_id,
        .tenant = redemption->tenant,
        .user_id = redemption->user_id,
        .has_method = true,
        .method = redemption->method,
    };
}

enum status redemption_audit(const struct http_call *call, const struct redemption *redemption,
                             const struct request_record *request, kafka_delivered *written, void *context,
                             struct error *error)
{
    char id[AUDIT_ID_SIZE], incarnation[2 * RECORD_INC_SIZE + 1];
    struct audit_record record = describe(redemption);
    hex_encode(redemption->inc, RECORD_INC_SIZE, incarnation);
    audit_id_of_request(OUTCOME_REDEEMED, redemption->request_id, 0, 0, text_of(incarnation), id);
    record.id = id;
    record.outcome = OUTCOME_REDEEMED;
    record.generation = request ? request->generation : 0;
    record.copy = request ? request->copy : 0;
    record.has_asserted_by = true;
    record.asserted_by = (struct asserted_by){.channel = CHANNEL_HTTP, .key_id = call->key->id};
    record.traceparent = call->traceparent;
    return audit_trail_write(call->serve->audit, &record, written, context, error);
}

void redemption_refuse_forged(struct http_call *call, const struct redemption *redemption, struct text key,
                              bool known, const char *what)
{
    struct audit_record record = describe(redemption);
    metrics_add(call->serve->metrics, METRIC_MAC_FAILURES, NO_LABELS, 1);
    log_write(LOG_LEVEL_ERROR, what, LOG_BYTES("key", key), LOG_FLAG("key_known", known));
    http_call_audit_denied(call, &record, REASON_FORGED);
}
