/* What comes back and is right, a link or a temporary password: told to the audit before its caller hears it;
 * and what is not ours, though it stands in Redis. */
#ifndef PRODUCER_REDEMPTION_H
#define PRODUCER_REDEMPTION_H

#include "producer/http_call.h"

/* Nothing is owned. */
struct redemption {
    struct text request_id, tenant, user_id;
    enum method method;
    const unsigned char *inc; /* of RECORD_INC_SIZE bytes: which link or password of the request it is */
};

/* The same link or password has the same record, however often it is asked.  `request` (may be NULL) is the
 * record of its request; the rest as audit_trail_write. */
enum status redemption_audit(const struct http_call *call, const struct redemption *redemption,
                             const struct request_record *request, kafka_delivered *written, void *context,
                             struct error *error) WARN_UNUSED;

/* The record is not sealed by a key of ours (`key`: the id that it names; `known`: we have that key):
 * counted, logged as `what`, audited. */
void redemption_refuse_forged(struct http_call *call, const struct redemption *redemption, struct text key,
                              bool known, const char *what);

#endif
