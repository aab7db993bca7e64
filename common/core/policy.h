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
    bool methods[METHOD_COUNT]; /* which temporary passwords are on; METHOD_LINK always is */
};

/* REASON_NONE: allowed.  Else one of tenant, scope, method, actor_role, actor_tenant, self_mismatch,
 * user_role: a 403 at the intake (audit `denied`), a dead letter `policy` with this detail in the worker. */
enum reason policy_decide(const struct policy *policy, const struct grant *grant,
                          const struct request *request);

/* One sentence for the caller about a reason of policy_decide; "" for any other. */
const char *policy_sentence(enum reason reason);

#endif
