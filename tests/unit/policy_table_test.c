/* The whole policy: every combination of roles, companies, persons, methods, scopes and tenants against what
 * the two products say in words; and that no look-alike passes for the name it looks like. */
#include "support.h"

#include <stdio.h>

#include "core/policy.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SELF = -1, NOBODY = 99 }; /* beside the place in admin_roles */

/* A role and its place in each list of roles below: data, so that nothing here searches a list. */
struct role {
    const char *name;
    int place[4];
};

static const char *const lists[4][4] = {
    {"admin", "manager"}, {"owner", "admin", "manager", "lead"}, {"manager"}, {NULL}};

static const struct role roles[] = {
    {"self", {SELF, SELF, SELF, SELF}},
    {"admin", {0, 1, NOBODY, NOBODY}},
    {"manager", {1, 2, 0, NOBODY}},
    {"owner", {NOBODY, 0, NOBODY, NOBODY}},
    {"lead", {NOBODY, 3, NOBODY, NOBODY}},
    {"user", {NOBODY, NOBODY, NOBODY, NOBODY}},
    {"Admin", {NOBODY, NOBODY, NOBODY, NOBODY}},
    {"adm", {NOBODY, NOBODY, NOBODY, NOBODY}},
};

/* The user's role may be missing; then `self` is only a word. */
static const struct role users[] = {
    {NULL, {NOBODY, NOBODY, NOBODY, NOBODY}},   {"self", {NOBODY, NOBODY, NOBODY, NOBODY}},
    {"admin", {0, 1, NOBODY, NOBODY}},          {"manager", {1, 2, 0, NOBODY}},
    {"owner", {NOBODY, 0, NOBODY, NOBODY}},     {"lead", {NOBODY, 3, NOBODY, NOBODY}},
    {"user", {NOBODY, NOBODY, NOBODY, NOBODY}},
};

static const unsigned others = SCOPE_REDEEM | SCOPE_REVOKE | SCOPE_STATUS | SCOPE_REQUEST_BULK;

struct situation {
    int actor, user; /* places */
    bool user_known, user_role_told, same_person, same_company, tenant_granted, method_on;
    bool may_self, may_admin, may_temporary, may_notify;
    enum method method;
};

static bool is_temporary(enum method method)
{
    return method == METHOD_TEMPORARY_PASSWORD_MAILED || method == METHOD_TEMPORARY_PASSWORD_HANDED ||
           method == METHOD_TEMPORARY_PASSWORD_CHOSEN;
}

/* What stands against it, in words; the first sentence that is broken is the reason. */
static enum reason expected(const struct situation *s)
{
    bool temporary = is_temporary(s->method), change = s->method == METHOD_PASSWORD_CHANGED;
    bool self = s->actor == SELF, has_role = s->actor != SELF && s->actor != NOBODY;
    const struct {
        bool broken;
        enum reason reason;
    } sentences[] = {
        /* a key works for its tenants */
        {!s->tenant_granted, REASON_TENANT},
        /* a temporary password is of a kind that is on offer */
        {temporary && !s->method_on, REASON_METHOD},
        /* whoever tells of a changed password may notify; a temporary password has a scope of its own; a key
         * with request:self alone speaks for users only, one with request:admin for everybody */
        {change && !s->may_notify, REASON_SCOPE},
        {temporary && !s->may_temporary, REASON_SCOPE},
        {!change && !temporary && !s->may_admin && !(s->may_self && self), REASON_SCOPE},
        /* a link for another is asked for by those with a role for it */
        {!change && !temporary && !self && !has_role, REASON_ACTOR_ROLE},
        /* a temporary password comes from an administrator of the highest role, not from a manager */
        {temporary && s->actor != 0, REASON_ACTOR_ROLE},
        /* of the same company */
        {!s->same_company, REASON_ACTOR_TENANT},
        /* who asks for themself is that user, where there is one */
        {self && s->user_known && !s->same_person, REASON_SELF_MISMATCH},
        /* a temporary password goes to a user whose role is told and not higher */
        {temporary && !s->user_role_told, REASON_USER_ROLE},
        {temporary && s->user < s->actor, REASON_USER_ROLE},
    };
    for (size_t i = 0; i < COUNT(sentences); i++)
        if (sentences[i].broken)
            return sentences[i].reason;
    return REASON_NONE;
}

struct tally {
    size_t decisions, allowed[METHOD_COUNT], refused[REASON_COUNT];
};

static void decide_one(const struct policy *policy, const struct situation *s, const char *actor,
                       const char *user, struct tally *tally)
{
    static const struct text own[] = {{"acme", 4}}, foreign[] = {{"initech", 7}};
    const struct grant grant = {
        .scopes = (s->may_self ? SCOPE_REQUEST_SELF : 0u) | (s->may_admin ? SCOPE_REQUEST_ADMIN : 0u) |
                  (s->may_temporary ? SCOPE_REQUEST_TEMPORARY_PASSWORD : 0u) |
                  (s->may_notify ? SCOPE_NOTIFY : 0u) | (tally->decisions % 2 ? others : 0u),
        .tenants = s->tenant_granted ? own : foreign,
        .tenant_count = 1,
    };
    const struct request request = {
        .tenant = TEXT("acme"),
        .user_known = s->user_known,
        .user_id = s->user_known ? TEXT("u1") : (struct text){NULL, 0},
        .user_role = text_of(user),
        .actor_role = text_of(actor),
        .actor_id = s->same_person ? TEXT("u1") : TEXT("u2"),
        .actor_tenant = s->same_company ? TEXT("acme") : TEXT("globex"),
        .method = s->method,
    };
    enum reason reason = policy_decide(policy, &grant, &request), right = expected(s);
    if (reason != right)
        fail_msg("%s for %s%s (%s person, %s company), %s: expected %s, got %s", actor,
                 s->user_known ? "a user of role " : "nobody", user ? user : "untold",
                 s->same_person ? "same" : "other", s->same_company ? "same" : "other",
                 method_name(s->method), reason_name(right), reason_name(reason));
    tally->decisions++;
    tally->refused[reason]++;
    tally->allowed[s->method] += reason == REASON_NONE;
}

/* Every answer to the yes-or-no questions. */
static void decide_all(size_t list, const struct role *actor, const struct role *user, enum method method,
                       const struct policy *policy, struct tally *tally)
{
    for (unsigned bits = 0; bits < 1u << 8; bits++) {
        const struct situation s = {
            .actor = actor->place[list],
            .user = user->place[list],
            .user_role_told = user->name != NULL,
            .method = method,
            .user_known = bits & 1,
            .same_person = bits & 2,
            .same_company = bits & 4,
            .tenant_granted = bits & 8,
            .method_on = policy->methods[method],
            .may_self = bits & 16,
            .may_admin = bits & 32,
            .may_temporary = bits & 64,
            .may_notify = bits & 128,
        };
        if (s.user_known || !user->name) /* nobody has no role */
            decide_one(policy, &s, actor->name, user->name, tally);
    }
}

static void every_combination_is_decided_as_the_products_say(void **state)
{
    (void)state;
    struct tally tally = {0};
    for (size_t list = 0; list < COUNT(lists); list++) {
        struct text names[4];
        size_t count = 0;
        while (count < 4 && lists[list][count])
            names[count] = text_of(lists[list][count]), count++;
        for (unsigned on = 0; on < 1u << METHOD_COUNT; on++) {
            struct policy policy = {.admin_roles = names, .admin_role_count = count};
            for (unsigned method = 0; method < METHOD_COUNT; method++)
                policy.methods[method] = on & 1u << method;
            for (size_t actor = 0; actor < COUNT(roles); actor++)
                for (size_t user = 0; user < COUNT(users); user++)
                    for (unsigned method = 0; method < METHOD_COUNT; method++)
                        if (on == 0 || on == 1u << method) /* one is on, or none */
                            decide_all(list, &roles[actor], &users[user], (enum method)method, &policy,
                                       &tally);
        }
    }
    assert_true(tally.decisions > 300000);
    static const enum reason all[] = {REASON_NONE,          REASON_TENANT,     REASON_METHOD,
                                      REASON_SCOPE,         REASON_ACTOR_ROLE, REASON_ACTOR_TENANT,
                                      REASON_SELF_MISMATCH, REASON_USER_ROLE};
    for (size_t i = 0; i < COUNT(all); i++) /* nothing above was decided in vain */
        assert_true(tally.refused[all[i]] > 0);
    for (unsigned method = 0; method < METHOD_COUNT; method++)
        assert_true(tally.allowed[method] > 0);
}

/* Each looks like the first, or is what somebody's comparison would fold into it. */
static const struct {
    const char *name;
    const char *alike[8];
} look_alikes[] = {
    {"admin",
     {"Admin", "ADMIN", "adm\xc4\xb1n", "adm\xc4\xb0n", "admin ", " admin",
      "\xd0\xb0"
      "dmin",
      "\xef\xbd\x81\xef\xbd\x84\xef\xbd\x8d\xef\xbd\x89\xef\xbd\x8e"}},
    {"self",
     {"\xc5\xbf"
      "elf",
      "Self", "self ", "self\t", "sel", "selfs",
      "s\xe2\x80\x8b"
      "elf",
      "\xef\xbb\xbfself"}},
    {"kiosk",
     {"\xe2\x84\xaaiosk", "kios\xe2\x84\xaa", "k\xc4\xb1osk", "kio\xc5\xbfk", "KIOSK", "kiosk ",
      "\xc4\xb8iosk", "kiosk\xc2\xa0"}},
    {"ren\xc3\xa9",
     {"rene\xcc\x81", "rene", "REN\xc3\x89", "ren\xc3\xa8", "ren\xc3\xa9 ", "ren\xc3\xa9\xcc\x81",
      "\xe2\x80\xaeren\xc3\xa9", "ren\xe9"}},
    {"file",
     {"\xef\xac\x81le", "FILE", "f\xc4\xb1le", "file\xcd\x8f", "fi\xe2\x80\x8dle", "file.", "fil",
      "f\xc3\xaele"}},
    {"stra\xc3\x9f"
     "e",
     {"strasse", "STRASSE",
      "stra\xe1\xba\x9e"
      "e",
      "stra\xc3\x9f"
      "e ",
      "stra\xce\xb2"
      "e",
      "\xc5\xbftra\xc3\x9f"
      "e",
      "stra\xc5\xbfs"
      "e",
      "stra\xc3\x9f"}},
};

/* `name` is configured and granted; `said` is what the request says in one of its places. */
static enum reason decide_with(const char *name, const char *said, const char *place, enum method method)
{
    const struct text word = text_of(name), stranger = text_of(said);
    const struct text ranks[] = {strcmp(place, "role") == 0 ? word : TEXT("chief"), TEXT("manager")};
    const struct policy policy = {ranks, 2, {[METHOD_TEMPORARY_PASSWORD_MAILED] = true}};
    const struct grant grant = {~0u, &word, 1};
    struct request request = {.tenant = word,
                              .user_known = true,
                              .user_id = word,
                              .user_role = TEXT("user"),
                              .actor_role = ranks[0],
                              .actor_id = word,
                              .actor_tenant = word,
                              .method = method};
    if (strcmp(place, "role") == 0)
        request.actor_role = stranger;
    if (strcmp(place, "company") == 0)
        request.actor_tenant = stranger;
    if (strcmp(place, "tenant") == 0)
        request.tenant = request.actor_tenant = stranger;
    if (strcmp(place, "person") == 0)
        request.actor_role = TEXT("self"), request.actor_id = stranger;
    return policy_decide(&policy, &grant, &request);
}

static void a_look_alike_is_another_name_in_every_place(void **state)
{
    (void)state;
    static const struct {
        const char *place;
        enum method method;
        enum reason reason;
    } places[] = {
        {"role", METHOD_LINK, REASON_ACTOR_ROLE},
        {"role", METHOD_TEMPORARY_PASSWORD_MAILED, REASON_ACTOR_ROLE},
        {"company", METHOD_LINK, REASON_ACTOR_TENANT},
        {"company", METHOD_TEMPORARY_PASSWORD_MAILED, REASON_ACTOR_TENANT},
        {"company", METHOD_PASSWORD_CHANGED, REASON_ACTOR_TENANT},
        {"tenant", METHOD_LINK, REASON_TENANT},
        {"tenant", METHOD_PASSWORD_CHANGED, REASON_TENANT},
        {"person", METHOD_LINK, REASON_SELF_MISMATCH},
    };
    for (size_t i = 0; i < COUNT(places); i++)
        for (size_t j = 0; j < COUNT(look_alikes); j++) {
            const char *name = look_alikes[j].name;
            if (strcmp(name, "self") == 0 && strcmp(places[i].place, "role") == 0)
                continue; /* no administrator's role: see below */
            assert_int_equal(decide_with(name, name, places[i].place, places[i].method), REASON_NONE);
            for (size_t k = 0; k < COUNT(look_alikes[j].alike); k++) {
                enum reason reason =
                    decide_with(name, look_alikes[j].alike[k], places[i].place, places[i].method);
                if (reason != places[i].reason)
                    fail_msg("\"%s\" as %s passed for \"%s\": %s", look_alikes[j].alike[k], places[i].place,
                             name, reason_name(reason));
            }
        }
}

static void what_only_looks_like_self_is_not_the_user(void **state)
{
    (void)state;
    static const struct text roles_of[] = {{"admin", 5}}, tenant[] = {{"acme", 4}};
    const struct policy policy = {roles_of, 1, {false}};
    const struct grant grant = {SCOPE_REQUEST_SELF, tenant, 1};
    struct request request = {.tenant = tenant[0],
                              .user_known = true,
                              .user_id = TEXT("u1"),
                              .actor_role = TEXT("self"),
                              .actor_id = TEXT("u1"),
                              .actor_tenant = tenant[0]};
    assert_int_equal(policy_decide(&policy, &grant, &request), REASON_NONE);
    for (size_t i = 0; i < COUNT(look_alikes[1].alike); i++) {
        request.actor_role = text_of(look_alikes[1].alike[i]);
        assert_int_equal(policy_decide(&policy, &grant, &request), REASON_SCOPE);
        assert_int_equal(request_class(&request), ACTOR_ADMIN);
    }
    request.actor_role = (struct text){"self\0", 5};
    assert_int_equal(policy_decide(&policy, &grant, &request), REASON_SCOPE);
}

static void a_user_whose_role_only_looks_higher_is_not_higher(void **state)
{
    (void)state;
    static const struct text tenant[] = {{"acme", 4}}, ranks[] = {{"admin", 5}, {"manager", 7}};
    const struct policy policy = {ranks, 2, {[METHOD_TEMPORARY_PASSWORD_HANDED] = true}};
    const struct grant grant = {SCOPE_REQUEST_TEMPORARY_PASSWORD, tenant, 1};
    struct request request = {.tenant = tenant[0],
                              .user_known = true,
                              .user_id = TEXT("u1"),
                              .user_role = TEXT(""),
                              .actor_role = TEXT("admin"),
                              .actor_id = TEXT("a"),
                              .actor_tenant = tenant[0],
                              .method = METHOD_TEMPORARY_PASSWORD_HANDED};
    assert_int_equal(policy_decide(&policy, &grant, &request), REASON_USER_ROLE); /* empty is untold */
    for (size_t i = 0; i < COUNT(look_alikes[0].alike); i++) {
        request.user_role = text_of(look_alikes[0].alike[i]);
        assert_int_equal(policy_decide(&policy, &grant, &request), REASON_NONE);
    }
}

static void bulk_takes_the_scope_and_an_administrator_and_a_publisher_who_may(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 1u << 5; bits++) {
        bool scope = bits & 1, stamped = bits & 2, admin = bits & 4;
        enum channel channel = bits & 8 ? CHANNEL_HTTP : CHANNEL_KAFKA;
        channel = bits & 16 ? CHANNEL_CLI : channel;
        const struct grant grant = {scope ? SCOPE_REQUEST_BULK : ~(unsigned)SCOPE_REQUEST_BULK, NULL, 0};
        const struct request request = {.actor_role = admin ? TEXT("manager") : TEXT("self")};
        const struct asserted_by stamp = {.channel = channel, .key_id = TEXT("k"), .bulk = stamped};
        assert_int_equal(policy_is_bulk(&grant, &request), scope && admin);
        assert_int_equal(policy_believes_bulk(&grant, &stamp, &request),
                         scope && admin && (stamped || channel == CHANNEL_KAFKA));
    }
}

static void a_voucher_is_believed_of_an_intake_and_of_whom_it_is(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 1u << 4; bits++) {
        bool scope = bits & 1, own = bits & 2;
        enum channel channel = bits & 4 ? CHANNEL_HTTP : CHANNEL_KAFKA;
        channel = bits & 8 ? CHANNEL_CLI : channel;
        const struct grant grant = {scope ? SCOPE_ASSERT_KEY : ~(unsigned)SCOPE_ASSERT_KEY, NULL, 0};
        const struct asserted_by stamp = {.channel = channel,
                                          .key_id = own ? TEXT("portal") : TEXT("portal2")};
        assert_int_equal(policy_believes_voucher(&grant, TEXT("portal"), &stamp),
                         scope || channel == CHANNEL_KAFKA || (channel == CHANNEL_CLI && own));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_is_decided_as_the_products_say),
        cmocka_unit_test(a_look_alike_is_another_name_in_every_place),
        cmocka_unit_test(what_only_looks_like_self_is_not_the_user),
        cmocka_unit_test(a_user_whose_role_only_looks_higher_is_not_higher),
        cmocka_unit_test(a_voucher_is_believed_of_an_intake_and_of_whom_it_is),
        cmocka_unit_test(bulk_takes_the_scope_and_an_administrator_and_a_publisher_who_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
