/* Who may ask for whom: actor, user, grant of the key or publisher, and method in, "allowed" or the reason
 * out. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/event.h"
#include "core/outcome.h"
#include "core/scope.h"

/* From the configuration; nothing in it is owned. */
struct policy {
    const struct text *admin_roles; /* highest first; compared byte by byte */
    size_t admin_role_count;
    bool methods[METHOD_COUNT]; /* which temporary passwords are on; the other methods always are */
};

/* REASON_NONE: allowed.  Else one of tenant, scope, method, actor_role, actor_tenant, self_mismatch,
 * user_role: a 403 at the intake (audit `denied`), a dead letter `policy` with this detail in the worker. */
enum reason policy_decide(const struct policy *policy, const struct grant *grant,
                          const struct request *request);

/* Whether a request that this key or publisher makes is one of many that it was given a budget of its own for
 * (scope request:bulk; an administrator's, never a user's own): the producer stamps it so. */
bool policy_is_bulk(const struct grant *grant, const struct request *request);

/* Whether the worker believes it, of an event that this publisher signed: the stamp needs a publisher with
 * the scope; a publisher's own events (CHANNEL_KAFKA) have no stamp and need none. */
bool policy_believes_bulk(const struct grant *publisher, const struct asserted_by *asserted_by,
                          const struct request *request);

/* Of an event without a signature, where one is accepted: nobody's word, who may ask for all and vouch in no
 * key's name. */
const struct grant *policy_unsigned_grant(void);

/* Whether the worker believes whom an event names for its voucher, of one that the publisher of this name
 * signed: an API key, or anybody else's name, takes a publisher with assert:key, which is an intake.  `send`
 * names the publisher itself, and an event without a stamp names nobody. */
bool policy_believes_voucher(const struct grant *publisher, struct text name,
                             const struct asserted_by *asserted_by);

/* Why not: one sentence. */
#define POLICY_FALSE_VOUCHER "its publisher may not say whose API key vouched (scope assert:key)"

/* One sentence for the caller about a reason of policy_decide; "" for any other. */
const char *policy_sentence(enum reason reason);

#endif
