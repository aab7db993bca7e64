/* What an API key or a publisher may do, and for which tenants. */
#ifndef CORE_SCOPES_H
#define CORE_SCOPES_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

enum scope {
    SCOPE_REQUEST_SELF = 1 << 0,
    SCOPE_REQUEST_ADMIN = 1 << 1,
    SCOPE_REQUEST_BULK = 1 << 2,
    SCOPE_REQUEST_TEMPORARY_PASSWORD = 1 << 3,
    SCOPE_REDEEM = 1 << 4,
    SCOPE_REVOKE = 1 << 5,
    SCOPE_NOTIFY = 1 << 6,
    SCOPE_STATUS = 1 << 7
};

enum { SCOPES_TENANTS_MOST = 256, SCOPES_TENANT_LENGTH_MOST = 256 };

/* "request:self" and so on; NULL for what is no single scope. */
const char *scope_name(enum scope scope);
bool scope_parse(struct text name, enum scope *scope);

/* "request:self, request:admin, …", all of them, for messages. */
const char *scope_names(void);

struct access {
    unsigned scopes; /* set of enum scope */
    bool all_tenants;
    struct text *tenants; /* the array is owned, the bytes are the owner's of the access */
    size_t tenant_count;
};

bool access_has_scope(const struct access *access, enum scope scope);

/* Byte-exact. */
bool access_has_tenant(const struct access *access, struct text tenant);

/* From `request:self,status` and `acme,globex` or `*`.  A comma, a space, `%` or a control character in a
 * tenant's name is written %XX; the names are decoded in place, so `tenants` must be writable and outlive the
 * access.  STATUS_CONFIG with a sentence that names the word at fault. */
WARN_UNUSED enum status access_parse(struct text scopes, char *tenants, size_t tenants_size,
                                     struct access *access, struct error *error);
void access_clear(struct access *access);

/* The two words as access_parse reads them, a space between. */
void access_print(const struct access *access, struct buffer *out);

/* One tenant's name, with %XX where access_parse wants it. */
void access_print_tenant(struct text tenant, struct buffer *out);

#endif
