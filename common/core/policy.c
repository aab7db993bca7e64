/* Two questions in this order: what the key or publisher may at all (its tenants, the methods that are on,
 * its scopes), and what this actor may for this user.  The second is THE table of this file: the first row
 * that fits decides, rows that refuse stand before those that allow, and what fits none is refused.
 *
 * The relay authenticates services, not people: a grant with request:admin vouches for every actor of its
 * tenants, one with request:self only for users who ask for themselves.  All comparisons are byte by byte, so
 * that look-alike letters (dotless i, long s, Kelvin sign) make another name. */
#include "core/policy.h"

enum asked { LINK = 1, TEMPORARY = 2, CHANGE = 4, ANYTHING = 7 };

/* By policy.admin_roles, highest first. */
enum role_of_actor { USER = 1 /* `self` */, HIGHEST = 2, LOWER = 4, NONE = 8, ANYBODY = 15 };

enum relation { ONESELF = 1, COLLEAGUE = 2, STRANGER = 4 /* of another company */, ANY_RELATION = 7 };

/* The user's role, beside the actor's. */
enum role_of_user { UNTOLD = 1, HIGHER = 2, NOT_HIGHER = 4, ANY_ROLE = 7 };

/* clang-format off */
static const struct rule {
    unsigned asked, actor, relation, user;
    enum reason reason;
} rules[] = {
    {LINK,        NONE,                ANY_RELATION,        ANY_ROLE,        REASON_ACTOR_ROLE},
    {TEMPORARY,   USER | LOWER | NONE, ANY_RELATION,        ANY_ROLE,        REASON_ACTOR_ROLE},
    {ANYTHING,    ANYBODY,             STRANGER,            ANY_ROLE,        REASON_ACTOR_TENANT},
    {ANYTHING,    USER,                COLLEAGUE,           ANY_ROLE,        REASON_SELF_MISMATCH},
    {TEMPORARY,   HIGHEST,             ANY_RELATION,        UNTOLD | HIGHER, REASON_USER_ROLE},

    {LINK,        USER,                ONESELF,             ANY_ROLE,        REASON_NONE},
    {LINK,        HIGHEST | LOWER,     ONESELF | COLLEAGUE, ANY_ROLE,        REASON_NONE},
    {TEMPORARY,   HIGHEST,             ONESELF | COLLEAGUE, NOT_HIGHER,      REASON_NONE},
    {CHANGE,      ANYBODY,             ONESELF | COLLEAGUE, ANY_ROLE,        REASON_NONE},

    {ANYTHING,    ANYBODY,             ANY_RELATION,        ANY_ROLE,        REASON_ACTOR_ROLE},
};
/* clang-format on */

static enum asked asked_of(const struct request *request)
{
    if (request->method == METHOD_PASSWORD_CHANGED)
        return CHANGE;
    return request->method == METHOD_LINK ? LINK : TEMPORARY;
}

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

static enum role_of_actor actor_of(const struct policy *policy, const struct request *request)
{
    size_t rank = rank_of(policy, request->actor_role);
    if (asks_for_self(request))
        return USER;
    if (rank == policy->admin_role_count)
        return NONE;
    return rank == 0 ? HIGHEST : LOWER;
}

/* An unknown account has no id to compare: it is whoever asks, so that the answer tells nothing. */
static enum relation relation_of(const struct request *request)
{
    if (!text_equal(request->actor_tenant, request->tenant))
        return STRANGER;
    return !request->user_known || text_equal(request->actor_id, request->user_id) ? ONESELF : COLLEAGUE;
}

static enum role_of_user user_of(const struct policy *policy, const struct request *request)
{
    if (request->user_role.size == 0)
        return UNTOLD;
    size_t actor = rank_of(policy, request->actor_role), user = rank_of(policy, request->user_role);
    return user < actor ? HIGHER : NOT_HIGHER;
}

static bool scope_is_granted(const struct grant *grant, const struct request *request)
{
    switch (asked_of(request)) {
    case LINK:
        return grant_has_scope(grant, SCOPE_REQUEST_ADMIN) ||
               (grant_has_scope(grant, SCOPE_REQUEST_SELF) && asks_for_self(request));
    case TEMPORARY:
        return grant_has_scope(grant, SCOPE_REQUEST_TEMPORARY_PASSWORD);
    case CHANGE:
    default:
        return grant_has_scope(grant, SCOPE_NOTIFY);
    }
}

enum reason policy_decide(const struct policy *policy, const struct grant *grant,
                          const struct request *request)
{
    const unsigned asked = asked_of(request), actor = actor_of(policy, request);
    const unsigned relation = relation_of(request), user = user_of(policy, request);
    if (!grant_has_tenant(grant, request->tenant))
        return REASON_TENANT;
    if (asked == TEMPORARY && !policy->methods[request->method])
        return REASON_METHOD;
    if (!scope_is_granted(grant, request))
        return REASON_SCOPE;
    const struct rule *rule = rules; /* the last one fits everything */
    while (!(rule->asked & asked) || !(rule->actor & actor) || !(rule->relation & relation) ||
           !(rule->user & user))
        rule++;
    return rule->reason;
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

const struct grant *policy_unsigned_grant(void)
{
    static const struct text everybody[] = {{"*", 1}};
    static const struct grant everything = {~(unsigned)SCOPE_ASSERT_KEY, everybody, 1};
    return &everything;
}

bool policy_believes_voucher(const struct grant *publisher, struct text name,
                             const struct asserted_by *asserted_by)
{
    return asserted_by->channel == CHANNEL_KAFKA || grant_has_scope(publisher, SCOPE_ASSERT_KEY) ||
           (asserted_by->channel == CHANNEL_CLI && text_equal(asserted_by->key_id, name));
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
