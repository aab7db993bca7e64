/* The lease and its link, or password.
 *
 * A link is minted anew whenever surely no mail with the older one is out; where one may be out, the same
 * link and its time stay, so that a second mail says the same.  One that expired meanwhile is of no use to
 * anybody and is minted anew too (possible only where token.ttl is shorter than a request's life). */
#include "core/protocol/begin.h"

/* A mail with it may be out, and it still works. */
static bool keeps_secret(const struct begin_question *question, const struct records *records)
{
    const struct request_record *request = &records->request;
    bool is_link = method_traits(question->method)->mailed == SECRET_TOKEN;
    return request->maybe_mailed && request->has_inc && request->has_seed &&
           (request->has_stored || !is_link) && records->now_ms < request->expires_ms &&
           request->made_ms >= question->not_before_ms;
}

void begin_take_lease(const struct begin_question *question, struct records *records,
                      struct decision *decision)
{
    struct request_record *request = &records->request;
    if (method_traits(question->method)->mailed != SECRET_NONE) {
        if (!keeps_secret(question, records))
            begin_mint(question, records, decision);
    } else if (!request->has_inc) { /* a notice: the same one until it is replayed */
        memcpy(request->inc, question->candidate.inc, RECORD_INC_SIZE);
        request->has_inc = true;
    }
    request->state = REQUEST_LEASED;
    request->has_owner = true;
    memcpy(request->owner, question->owner, RECORD_OWNER_SIZE);
    request->has_finisher = false;
    request->due_ms = 0;
    request->lease_ms = records->now_ms + question->lease_ms;
    request->changed_ms = records->now_ms;
    decision->request = FATE_WRITTEN;
    decision->verdict = VERDICT_LEASE;
}
