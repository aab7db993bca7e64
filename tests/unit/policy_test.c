/* Who may ask for whom, as one table: role, companies, user, grant and method in, allowed or the reason out.
 */
#include "support.h"

#include "core/policy.h"

#define SELF      SCOPE_REQUEST_SELF
#define ADMIN     SCOPE_REQUEST_ADMIN
#define TEMPORARY SCOPE_REQUEST_TEMPORARY_PASSWORD
#define MAILED    METHOD_TEMPORARY_PASSWORD_MAILED
#define HANDED    METHOD_TEMPORARY_PASSWORD_HANDED

/* The user is u1 of acme; keys are granted acme.  Mailed temporary passwords are on, the others off. */
static const struct {
    const char *what;
    unsigned scopes;
    const char *role, *actor, *actor_tenant;
    const char *user, *user_role, *tenant; /* user NULL: unknown */
    enum method method;
    enum reason reason;
} cases[] = {
    {"self for self", SELF, "self", "u1", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_NONE},
    {"self under an admin key", ADMIN, "self", "u1", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_NONE},
    {"self for another", SELF, "self", "u2", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_SELF_MISMATCH},
    {"self, id in other case", SELF, "self", "U1", "acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_SELF_MISMATCH},
    {"self for an unknown account", SELF, "self", "?", "acme", NULL, NULL, "acme", METHOD_LINK, REASON_NONE},
    {"self of another company", SELF, "self", "u1", "globex", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_TENANT},
    {"self without a scope", SCOPE_REDEEM, "self", "u1", "acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_SCOPE},
    {"admin for a colleague", ADMIN, "admin", "a", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_NONE},
    {"manager for a colleague", ADMIN, "manager", "m", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_NONE},
    {"manager for an admin", ADMIN, "manager", "m", "acme", "u1", "admin", "acme", METHOD_LINK, REASON_NONE},
    {"admin for an unknown account", ADMIN, "admin", "a", "acme", NULL, NULL, "acme", METHOD_LINK,
     REASON_NONE},
    {"admin of another company", ADMIN, "admin", "a", "globex", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_TENANT},
    {"admin, company in other case", ADMIN, "admin", "a", "Acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_TENANT},
    {"admin, company with a space", ADMIN, "admin", "a", "acme ", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_TENANT},
    {"admin under a self key", SELF, "admin", "a", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_SCOPE},
    {"a colleague without such a role", ADMIN, "user", "u2", "acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_ROLE},
    {"the role in other case", ADMIN, "Admin", "a", "acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_ROLE},
    {"a dotless i", ADMIN, "adm\xc4\xb1n", "a", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_ACTOR_ROLE},
    {"a long s", SELF,
     "\xc5\xbf"
     "elf",
     "u1", "acme", "u1", NULL, "acme", METHOD_LINK, REASON_SCOPE},
    {"a longer role", ADMIN, "administrator", "a", "acme", "u1", NULL, "acme", METHOD_LINK,
     REASON_ACTOR_ROLE},
    {"a tenant that the key lacks", ADMIN, "admin", "a", "globex", "u1", NULL, "globex", METHOD_LINK,
     REASON_TENANT},
    {"a Kelvin sign in the tenant", ADMIN, "admin", "a", "\xe2\x84\xaa", "u1", NULL, "\xe2\x84\xaa",
     METHOD_LINK, REASON_TENANT},
    {"a changed password", SCOPE_NOTIFY, "self", "u1", "acme", "u1", NULL, "acme", METHOD_PASSWORD_CHANGED,
     REASON_NONE},
    {"a changed password, told by any role", SCOPE_NOTIFY, "support", "s", "acme", "u1", NULL, "acme",
     METHOD_PASSWORD_CHANGED, REASON_NONE},
    {"a changed password, by another company", SCOPE_NOTIFY, "admin", "a", "globex", "u1", NULL, "acme",
     METHOD_PASSWORD_CHANGED, REASON_ACTOR_TENANT},
    {"a changed password, another's in one's own name", SCOPE_NOTIFY, "self", "u2", "acme", "u1", NULL,
     "acme", METHOD_PASSWORD_CHANGED, REASON_SELF_MISMATCH},
    {"a changed password of another tenant", SCOPE_NOTIFY, "self", "u1", "globex", "u1", NULL, "globex",
     METHOD_PASSWORD_CHANGED, REASON_TENANT},
    {"a changed password without the scope", ADMIN | SELF | TEMPORARY, "self", "u1", "acme", "u1", NULL,
     "acme", METHOD_PASSWORD_CHANGED, REASON_SCOPE},
    {"a temporary password that is off", ADMIN | TEMPORARY, "admin", "a", "acme", "u1", "user", "acme",
     HANDED, REASON_METHOD},
    {"a temporary password", TEMPORARY, "admin", "a", "acme", "u1", "user", "acme", MAILED, REASON_NONE},
    {"a temporary password for an equal", TEMPORARY, "admin", "a", "acme", "u1", "admin", "acme", MAILED,
     REASON_NONE},
    {"a temporary password under an admin key", ADMIN, "admin", "a", "acme", "u1", "user", "acme", MAILED,
     REASON_SCOPE},
    {"a temporary password by a manager", ADMIN | TEMPORARY, "manager", "m", "acme", "u1", "user", "acme",
     MAILED, REASON_ACTOR_ROLE},
    {"a temporary password for oneself", SELF | TEMPORARY, "self", "u1", "acme", "u1", "user", "acme", MAILED,
     REASON_ACTOR_ROLE},
    {"a temporary password, role unknown", TEMPORARY, "admin", "a", "acme", "u1", NULL, "acme", MAILED,
     REASON_USER_ROLE},
    {"a temporary password, nobody there", TEMPORARY, "admin", "a", "acme", NULL, NULL, "acme", MAILED,
     REASON_USER_ROLE},
};

static const struct text admin_roles[] = {{"admin", 5}, {"manager", 7}};
static const struct text tenants[] = {{"initech", 7}, {"acme", 4}};
static const struct policy policy = {admin_roles, 2, {[MAILED] = true}};

static enum reason decide(size_t i, const struct text *names, size_t count)
{
    const struct grant grant = {cases[i].scopes, names, count};
    const struct request request = {
        .tenant = text_of(cases[i].tenant),
        .user_known = cases[i].user != NULL,
        .user_id = text_of(cases[i].user),
        .user_role = text_of(cases[i].user_role),
        .actor_role = text_of(cases[i].role),
        .actor_id = text_of(cases[i].actor),
        .actor_tenant = text_of(cases[i].actor_tenant),
        .method = cases[i].method,
    };
    return policy_decide(&policy, &grant, &request);
}

static void an_actor_may_ask_for_exactly_these(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum reason reason = decide(i, tenants, 2);
        if (reason != cases[i].reason)
            fail_msg("%s: expected %s, got %s", cases[i].what, reason_name(cases[i].reason),
                     reason_name(reason));
    }
}

static void a_star_grants_every_tenant_and_nothing_none(void **state)
{
    (void)state;
    const struct text star[] = {{"*", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum reason expected = cases[i].reason == REASON_TENANT ? REASON_NONE : cases[i].reason;
        assert_int_equal(decide(i, star, 1), expected);
        assert_int_equal(decide(i, star, 0), REASON_TENANT);
    }
}

static void every_refusal_is_a_denial_with_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].reason != REASON_NONE) {
            assert_true(outcome_has_reason(OUTCOME_DENIED, cases[i].reason));
            assert_true(strlen(policy_sentence(cases[i].reason)) > 10);
        }
    assert_string_equal(policy_sentence(REASON_NONE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_may_ask_for_exactly_these),
        cmocka_unit_test(a_star_grants_every_tenant_and_nothing_none),
        cmocka_unit_test(every_refusal_is_a_denial_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
