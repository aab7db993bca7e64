/* The publishers file: who may write events, with which secret, scopes and tenants.  A line is
 *   name secret scopes tenants
 * with `#` opening a comment line; scopes and tenants are lists with commas, tenants may be `*`
 * (core/grant.h). */
#ifndef CORE_PUBLISHERS_H
#define CORE_PUBLISHERS_H

#include "core/grant.h"
#include "core/signature.h"

enum { PUBLISHERS_SECRET_LEAST = 32, PUBLISHERS_SECRET_MOST = 128, PUBLISHERS_MOST = 1024 };

struct publisher {
    struct text name;
    struct signature_key key;
    struct grant grant;
};

struct publishers;

/* Reads the file's text; errors name the file and the line, never a secret.  STATUS_CONFIG, STATUS_MEMORY.  A
 * file without an entry is fine.  The caller wipes `file`. */
WARN_UNUSED enum status publishers_parse(struct text file, const char *file_name,
                                         struct publishers **publishers, struct error *error);
void publishers_free(struct publishers **publishers);

/* NULL for an unknown name.  It lives as long as `publishers`. */
const struct publisher *publishers_find(const struct publishers *publishers, struct text name);

/* Sorted by name. */
size_t publishers_count(const struct publishers *publishers);
const struct publisher *publishers_at(const struct publishers *publishers, size_t index);

/* Who signed `value`: STATUS_OK and the publisher; STATUS_INVALID for a header of another form, STATUS_DENIED
 * for an unknown publisher or a wrong signature. */
WARN_UNUSED enum status publishers_verify(const struct publishers *publishers, struct text header,
                                          struct text value, const struct publisher **publisher,
                                          struct error *error);

#endif
