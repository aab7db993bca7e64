/* Scopes are a closed set of names, tenants an open one.  Both are lists with commas in a word of a line, so
 * what would break the word is written %XX; everything else of a tenant's name stands as it is. */
#include "core/grant.h"

#include <stdlib.h>

const char *grant_scope_names(void)
{
    return "request:self, request:admin, request:temporary_password, redeem, revoke, notify, status, "
           "request:bulk, assert:key";
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
        if (!scope_of_name(item, &scope))
            return error_set(error, STATUS_CONFIG, "\"%.*s\" is no scope; there are %s",
                             (int)(item.size < 40 ? item.size : 40), item.bytes, grant_scope_names());
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
    return to <= GRANT_TENANT_LENGTH_MOST ? to : 0;
}

static enum status parse_tenants(char *bytes, size_t size, struct grant *grant, struct error *error)
{
    struct text list = {bytes, size};
    size_t count = count_items(list);
    if (count > GRANT_TENANTS_MOST)
        return error_set(error, STATUS_CONFIG, "%zu tenants are listed, at most %d fit; use * for all", count,
                         GRANT_TENANTS_MOST);
    struct text *tenants = calloc(count, sizeof *tenants);
    grant->tenants = tenants;
    if (!tenants)
        return error_set(error, STATUS_MEMORY, "no memory for %zu tenants", count);
    for (size_t i = 0; i < count; i++) {
        struct text item = next_item(&list);
        bool all = count == 1 && text_equal(item, TEXT("*"));
        char *start = bytes + (item.bytes - bytes);
        struct text tenant = {start, decode_tenant(start, item.size)};
        tenants[i] = tenant;
        grant->tenant_count++;
        if (tenant.size == 0 || (!all && text_equal(tenant, TEXT("*"))))
            return error_set(
                error, STATUS_CONFIG,
                "tenant %zu of the list is empty, over %d bytes, a * among others, or has a %% without two "
                "upper-case hex digits",
                i + 1, GRANT_TENANT_LENGTH_MOST);
    }
    return STATUS_OK;
}

enum status grant_parse(struct text scopes, char *tenants, size_t tenants_size, struct grant *grant,
                        struct error *error)
{
    *grant = (struct grant){0};
    enum status status = parse_scopes(scopes, &grant->scopes, error);
    if (status == STATUS_OK)
        status = parse_tenants(tenants, tenants_size, grant, error);
    if (status != STATUS_OK)
        grant_clear(grant);
    return status;
}

void grant_clear(struct grant *grant)
{
    free((void *)grant->tenants);
    *grant = (struct grant){0};
}

void grant_print_tenant(struct text tenant, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < tenant.size; i++) {
        unsigned char byte = (unsigned char)tenant.bytes[i];
        if (byte > ' ' && byte != ',' && byte != '%' && byte != 0x7F) {
            buffer_append_byte(out, (char)byte);
            continue;
        }
        buffer_append_byte(out, '%');
        buffer_append_byte(out, digits[byte >> 4]);
        buffer_append_byte(out, digits[byte & 15]);
    }
}

void grant_print(const struct grant *grant, struct buffer *out)
{
    bool first = true;
    for (unsigned bit = 0; bit < SCOPE_COUNT; bit++) {
        enum scope scope = (enum scope)(1u << bit);
        if (!grant_has_scope(grant, scope))
            continue;
        if (!first)
            buffer_append_byte(out, ',');
        buffer_append_string(out, scope_name(scope));
        first = false;
    }
    buffer_append_byte(out, ' ');
    for (size_t i = 0; i < grant->tenant_count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        grant_print_tenant(grant->tenants[i], out);
    }
}
