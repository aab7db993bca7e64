/* Scopes and tenants of a key or a publisher.  Names are compared byte by byte: no case folding, no normal
 * forms, so that look-alike letters never match. */
#include "core/scope.h"

static const char *const names[SCOPE_COUNT] = {
    "request:self", "request:admin", "request:temporary_password", "redeem", "revoke", "notify", "status",
    "request:bulk", "assert:key",
};

const char *scope_name(enum scope scope)
{
    for (unsigned i = 0; i < SCOPE_COUNT; i++)
        if ((unsigned)scope == 1u << i)
            return names[i];
    return "";
}

bool scope_of_name(struct text name, enum scope *scope)
{
    for (unsigned i = 0; i < SCOPE_COUNT; i++)
        if (text_equal(name, text_of(names[i]))) {
            *scope = (enum scope)(1u << i);
            return true;
        }
    return false;
}

bool grant_has_scope(const struct grant *grant, enum scope scope)
{
    return (grant->scopes & (unsigned)scope) != 0;
}

bool grant_has_tenant(const struct grant *grant, struct text tenant)
{
    for (size_t i = 0; i < grant->tenant_count; i++)
        if (text_equal(grant->tenants[i], tenant) || text_equal(grant->tenants[i], TEXT("*")))
            return true;
    return false;
}
