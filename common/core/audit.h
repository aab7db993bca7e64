/* The audit record of one outcome: a CloudEvents 1.0 JSON text (schemas/audit.schema.json), without any
 * address or token. */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/event.h"
#include "core/outcome.h"
#include "core/text.h"

#define AUDIT_ID_SIZE      37 /* a UUIDv8 and its NUL */
#define AUDIT_MAXIMUM_SIZE (16 * 1024)
#define AUDIT_TYPE         "identity.password-reset.audited.v1"

/* Nothing is owned.  An absent text, a zero number and false are left out of the record. */
struct audit_record {
    const char *id; /* from the functions below, or any UUID where neither fits (a denial at the intake) */
    int64_t time_ms;
    struct text source; /* a URI reference: the program that writes it */
    enum outcome outcome;
    enum reason reason;
    enum reason detail; /* of REASON_POLICY */
    struct text request_id, tenant, user_id;
    struct text actor_role, actor_id, actor_tenant;
    bool has_method;
    enum method method;
    bool has_asserted_by;
    struct asserted_by asserted_by;
    struct text publisher;
    struct text mailbox, mailbox_key; /* the keyed hash of the address in text, and the key's id */
    int64_t generation, copy, attempt;
    int smtp_code;             /* e.g. 451 */
    struct text smtp_enhanced; /* e.g. "4.7.1"; never the reply's text */
    bool maybe_mailed, rebuilt;
    struct text into;      /* the request that a coalesced one went into */
    struct text completes; /* on an event that a password was changed: the request that it names */
    struct text worker;
    struct text topic; /* absent: no Kafka coordinates */
    int32_t partition;
    int64_t offset;
    struct text traceparent; /* its trace id is what the record says */
};

/* Fills what a request says of itself: tenant, user, actor, method. */
void audit_record_request(struct audit_record *record, const struct request *request);

/* Appends the record; strings are escaped, so that it is one harmless line whatever they hold.
 * out->failed when it does not fit. */
void audit_encode(const struct audit_record *record, struct buffer *out);

/* The same outcome of the same request, generation, copy and incarnation of the link has the same id. */
void audit_id_of_request(enum outcome outcome, struct text request_id, int64_t generation, int64_t copy,
                         struct text incarnation, char id[static AUDIT_ID_SIZE]);

/* For outcomes of records that name no request, or (denied) do not own it. */
void audit_id_of_record(enum outcome outcome, struct text topic, int32_t partition, int64_t offset,
                        char id[static AUDIT_ID_SIZE]);

#endif
