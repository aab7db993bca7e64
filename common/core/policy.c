/* The policy is a row of questions asked in a fixed order; the first that is answered with no names the
 * reason.  First what the key or publisher may at all (tenant, method, scope), then whether the actor may ask
 * this for this user.
 *
 * The relay authenticates services, not people: a grant with request:admin vouches for every actor of its
 * tenants, one with request:self only for users who ask for themselves.  All comparisons are byte by byte, so
 * that look-alike letters (dotless i, long s, Kelvin sign) make another name. */
#include "core/policy.h"

struct question {
    enum reason reason;
    bool (*allows)(const struct policy *policy, const struct grant *grant, const struct request *request);
};

static bool asks_for_self(const struct request *request)
{
    return request_class(request) == ACTOR_SELF;
}

/* 0 is the highest; a role that is not in the list stands below all that are. */
static size_t rank_of(const struct policy *policy, struct text role)
{
    size_t rank = 0;
    while (rank < policy->admin_role_count && !text_equal(policy->admin_roles[rank], role))
        rank++;
    return rank;
}

static bool tenant_is_granted(const struct policy *policy, const struct grant *grant,
                              const struct request *request)
{
    (void)policy;
    return grant_has_tenant(grant, request->tenant);
}

static bool method_is_on(const struct policy *policy, const struct grant *grant,
                         const struct request *request)
{
    (void)grant;
    return request->method == METHOD_LINK || policy->methods[request->method];
}

static bool scope_is_granted(const struct policy *policy, const struct grant *grant,
                             const struct request *request)
{
    (void)policy;
    if (request->method != METHOD_LINK)
        return grant_has_scope(grant, SCOPE_REQUEST_TEMPORARY_PASSWORD);
    return grant_has_scope(grant, SCOPE_REQUEST_ADMIN) ||
           (grant_has_scope(grant, SCOPE_REQUEST_SELF) && asks_for_self(request));
}

static bool role_may_ask(const struct policy *policy, const struct grant *grant,
                         const struct request *request)
{
    (void)grant;
    if (request->method != METHOD_LINK)
        return policy->admin_role_count > 0 && rank_of(policy, request->actor_role) == 0;
    return asks_for_self(request) || rank_of(policy, request->actor_role) < policy->admin_role_count;
}

static bool actor_is_of_the_company(const struct policy *policy, const struct grant *grant,
                                    const struct request *request)
{
    (void)policy, (void)grant;
    return text_equal(request->actor_tenant, request->tenant);
}

/* An unknown account has no id to compare: it is let through, so that the answer tells nothing. */
static bool self_is_the_user(const struct policy *policy, const struct grant *grant,
                             const struct request *request)
{
    (void)policy, (void)grant;
    return !asks_for_self(request) || !request->user_known || text_equal(request->actor_id, request->user_id);
}

static bool user_is_not_higher(const struct policy *policy, const struct grant *grant,
                               const struct request *request)
{
    (void)grant;
    if (request->method == METHOD_LINK)
        return true;
    return request->user_role.size > 0 &&
           rank_of(policy, request->user_role) >= rank_of(policy, request->actor_role);
}

static bool notice_is_granted(const struct policy *policy, const struct grant *grant,
                              const struct request *request)
{
    (void)policy, (void)request;
    return grant_has_scope(grant, SCOPE_NOTIFY);
}

/* That a password was changed is a fact, whoever changed it: the service alone answers for it. */
static const struct question questions_of_change[] = {
    {REASON_TENANT, tenant_is_granted},
    {REASON_SCOPE, notice_is_granted},
};

static const struct question questions[] = {
    {REASON_TENANT, tenant_is_granted},
    {REASON_METHOD, method_is_on},
    {REASON_SCOPE, scope_is_granted},
    {REASON_ACTOR_ROLE, role_may_ask},
    {REASON_ACTOR_TENANT, actor_is_of_the_company},
    {REASON_SELF_MISMATCH, self_is_the_user},
    {REASON_USER_ROLE, user_is_not_higher},
};

enum reason policy_decide(const struct policy *policy, const struct grant *grant,
                          const struct request *request)
{
    bool change = request->method == METHOD_PASSWORD_CHANGED;
    const struct question *row = change ? questions_of_change : questions;
    size_t count = change ? sizeof questions_of_change / sizeof *row : sizeof questions / sizeof *row;
    for (size_t i = 0; i < count; i++)
        if (!row[i].allows(policy, grant, request))
            return row[i].reason;
    return REASON_NONE;
}

bool policy_is_bulk(const struct grant *grant, const struct request *request)
{
    return grant_has_scope(grant, SCOPE_REQUEST_BULK) && request_class(request) == ACTOR_ADMIN;
}

bool policy_believes_bulk(const struct grant *publisher, const struct asserted_by *asserted_by,
                          const struct request *request)
{
    return policy_is_bulk(publisher, request) && (asserted_by->channel == CHANNEL_KAFKA || asserted_by->bulk);
}

const char *policy_sentence(enum reason reason)
{
    switch (reason) {
    case REASON_TENANT:
        return "this key may not ask for that tenant";
    case REASON_METHOD:
        return "this method is off here (policy.temporary_password)";
    case REASON_SCOPE:
        return "this key lacks the scope for that actor or method";
    case REASON_ACTOR_ROLE:
        return "the actor's role may not ask this for others (policy.admin_roles)";
    case REASON_ACTOR_TENANT:
        return "the actor belongs to another company than the user";
    case REASON_SELF_MISMATCH:
        return "an actor with the role self may only ask for themself";
    case REASON_USER_ROLE:
        return "a temporary password needs the user's role, and it may not be higher than the actor's";
    default:
        return "";
    }
}
