/* A grant (core/scope.h) as the keys and publishers files write it: two words, scopes and tenants. */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include "core/buffer.h"
#include "core/scope.h"
#include "core/status.h"

enum { GRANT_TENANTS_MOST = 256, GRANT_TENANT_LENGTH_MOST = 256 };

/* "request:self, request:admin, …", all of them, for messages. */
const char *grant_scope_names(void);

/* From `request:self,status` and `acme,globex` or `*`.  A comma, a space, `%` or a control character in a
 * tenant's name is written %XX; the names are decoded in place, so `tenants` must be writable and outlive the
 * grant.  STATUS_CONFIG with a sentence that names the word at fault.  The array in `grant` is the caller's
 * to give back by grant_clear. */
WARN_UNUSED enum status grant_parse(struct text scopes, char *tenants, size_t tenants_size,
                                    struct grant *grant, struct error *error);
void grant_clear(struct grant *grant);

/* The two words as grant_parse reads them, a space between. */
void grant_print(const struct grant *grant, struct buffer *out);

/* One tenant's name, with %XX where grant_parse wants it. */
void grant_print_tenant(struct text tenant, struct buffer *out);

#endif
