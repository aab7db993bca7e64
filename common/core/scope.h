/* What a key or a publisher may do: scopes and tenants. */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include "core/text.h"

enum scope {
    SCOPE_REQUEST_SELF = 1 << 0,
    SCOPE_REQUEST_ADMIN = 1 << 1, /* vouches for every actor of its tenants, so it includes request:self */
    SCOPE_REQUEST_TEMPORARY_PASSWORD = 1 << 2,
    SCOPE_REDEEM = 1 << 3,
    SCOPE_REVOKE = 1 << 4,
    SCOPE_NOTIFY = 1 << 5,
    SCOPE_STATUS = 1 << 6,
    SCOPE_REQUEST_BULK = 1 << 7,
    SCOPE_ASSERT_KEY =
        1 << 8 /* a publisher's, which is an intake: its events name the API key that vouched */
};

#define SCOPE_COUNT 9

/* Nothing in it is owned; whoever keeps the key keeps it alive. */
struct grant {
    unsigned scopes;            /* bits of enum scope */
    const struct text *tenants; /* byte-exact names; "*" is all */
    size_t tenant_count;
};

/* The scope's name as keys files and openapi.yaml write it ("request:self"), "" for what is not one scope. */
const char *scope_name(enum scope scope);

/* The scope of that name; false for unknown ones. */
bool scope_of_name(struct text name, enum scope *scope);

bool grant_has_scope(const struct grant *grant, enum scope scope);
bool grant_has_tenant(const struct grant *grant, struct text tenant);

#endif
