/* Scopes are a closed set of names, tenants an open one.  Both are lists with commas in a word of a line, so
 * what would break the word is written %XX; everything else of a tenant's name stands as it is. */
#include "core/scopes.h"

#include <stdlib.h>

static const struct {
    enum scope scope;
    const char *name;
} names[] = {
    {SCOPE_REQUEST_SELF, "request:self"},
    {SCOPE_REQUEST_ADMIN, "request:admin"},
    {SCOPE_REQUEST_BULK, "request:bulk"},
    {SCOPE_REQUEST_TEMPORARY_PASSWORD, "request:temporary_password"},
    {SCOPE_REDEEM, "redeem"},
    {SCOPE_REVOKE, "revoke"},
    {SCOPE_NOTIFY, "notify"},
    {SCOPE_STATUS, "status"},
};

enum { NAMES = sizeof names / sizeof *names };

const char *scope_name(enum scope scope)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].scope == scope)
            return names[i].name;
    return NULL;
}

bool scope_parse(struct text name, enum scope *scope)
{
    for (size_t i = 0; i < NAMES; i++)
        if (text_equal(text_of(names[i].name), name)) {
            *scope = names[i].scope;
            return true;
        }
    return false;
}

const char *scope_names(void)
{
    return "request:self, request:admin, request:bulk, request:temporary_password, redeem, revoke, notify, "
           "status";
}

bool access_has_scope(const struct access *access, enum scope scope)
{
    return (access->scopes & (unsigned)scope) != 0;
}

bool access_has_tenant(const struct access *access, struct text tenant)
{
    if (access->all_tenants)
        return true;
    for (size_t i = 0; i < access->tenant_count; i++)
        if (text_equal(access->tenants[i], tenant))
            return true;
    return false;
}

/* Takes what stands before the first comma off `list`. */
static struct text next_item(struct text *list)
{
    const char *comma = memchr(list->bytes, ',', list->size);
    size_t size = comma ? (size_t)(comma - list->bytes) : list->size;
    size_t taken = comma ? size + 1 : size;
    struct text item = {list->bytes, size};
    *list = (struct text){list->bytes + taken, list->size - taken};
    return item;
}

static size_t count_items(struct text list)
{
    size_t count = 1;
    for (size_t i = 0; i < list.size; i++)
        count += list.bytes[i] == ',';
    return count;
}

static enum status parse_scopes(struct text list, unsigned *scopes, struct error *error)
{
    *scopes = 0;
    for (size_t count = count_items(list); count; count--) {
        struct text item = next_item(&list);
        enum scope scope;
        if (!scope_parse(item, &scope))
            return error_set(error, STATUS_CONFIG, "\"%.*s\" is no scope; there are %s",
                             (int)(item.size < 40 ? item.size : 40), item.bytes, scope_names());
        *scopes |= (unsigned)scope;
    }
    return STATUS_OK;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Decodes %XX within the item's own bytes; 0 for what is no tenant's name. */
static size_t decode_tenant(char *bytes, size_t size)
{
    size_t to = 0;
    for (size_t from = 0; from < size; from++, to++) {
        if (bytes[from] != '%') {
            bytes[to] = bytes[from];
            continue;
        }
        if (size - from < 3 || hex_value(bytes[from + 1]) < 0 || hex_value(bytes[from + 2]) < 0)
            return 0;
        bytes[to] = (char)(hex_value(bytes[from + 1]) * 16 + hex_value(bytes[from + 2]));
        if (bytes[to] == '\0')
            return 0;
        from += 2;
    }
    return to <= SCOPES_TENANT_LENGTH_MOST ? to : 0;
}

static enum status parse_tenants(char *bytes, size_t size, struct access *access, struct error *error)
{
    struct text list = {bytes, size};
    size_t count = count_items(list);
    if (text_equal(list, TEXT("*"))) {
        access->all_tenants = true;
        return STATUS_OK;
    }
    if (count > SCOPES_TENANTS_MOST)
        return error_set(error, STATUS_CONFIG, "%zu tenants are listed, at most %d fit; use * for all", count,
                         SCOPES_TENANTS_MOST);
    access->tenants = calloc(count, sizeof *access->tenants);
    if (!access->tenants)
        return error_set(error, STATUS_MEMORY, "no memory for %zu tenants", count);
    for (size_t i = 0; i < count; i++) {
        struct text item = next_item(&list);
        char *start = bytes + (item.bytes - bytes);
        access->tenants[i] = (struct text){start, decode_tenant(start, item.size)};
        access->tenant_count++;
        if (access->tenants[i].size == 0 || text_equal(item, TEXT("*")))
            return error_set(
                error, STATUS_CONFIG,
                "tenant %zu of the list is empty, over %d bytes, a * among others, or has a %% without two "
                "upper-case hex digits",
                i + 1, SCOPES_TENANT_LENGTH_MOST);
    }
    return STATUS_OK;
}

enum status access_parse(struct text scopes, char *tenants, size_t tenants_size, struct access *access,
                         struct error *error)
{
    *access = (struct access){0};
    enum status status = parse_scopes(scopes, &access->scopes, error);
    if (status == STATUS_OK)
        status = parse_tenants(tenants, tenants_size, access, error);
    if (status != STATUS_OK)
        access_clear(access);
    return status;
}

void access_clear(struct access *access)
{
    free(access->tenants);
    *access = (struct access){0};
}

void access_print_tenant(struct text tenant, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    bool star = text_equal(tenant, TEXT("*"));
    for (size_t i = 0; i < tenant.size; i++) {
        unsigned char byte = (unsigned char)tenant.bytes[i];
        if (byte > ' ' && byte != ',' && byte != '%' && byte != 0x7F && !star) {
            buffer_append_byte(out, (char)byte);
            continue;
        }
        buffer_append_byte(out, '%');
        buffer_append_byte(out, digits[byte >> 4]);
        buffer_append_byte(out, digits[byte & 15]);
    }
}

void access_print(const struct access *access, struct buffer *out)
{
    bool first = true;
    for (size_t i = 0; i < NAMES; i++)
        if (access_has_scope(access, names[i].scope)) {
            if (!first)
                buffer_append_byte(out, ',');
            buffer_append_string(out, names[i].name);
            first = false;
        }
    buffer_append_byte(out, ' ');
    if (access->all_tenants)
        buffer_append_byte(out, '*');
    for (size_t i = 0; i < access->tenant_count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        access_print_tenant(access->tenants[i], out);
    }
}
