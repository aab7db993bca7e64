/* The file: `[tenant id]`, then `key = value` a line; lines that begin with '#' or ';' are comments.  Read
 * here and not by inih, which would cut a tenant's id at 49 bytes and a footer at " ;", and tells the line of
 * its own first error only.
 *
 * A set owns one copy of the content, into which its texts point, and the From lines that were made of it. */
#include "core/mail/branding.h"

#include <stdlib.h>

#include "core/mail/branding_keys.h"
#include "core/mail/characters.h"

enum { TENANT_CHARACTERS = 128, HEADERS_LIMIT = 8 * 1024 * 1024, ERROR_WORDS = 60 };

struct branding_set {
    char *content;         /* owned */
    struct branding *list; /* owned; ordered by tenant */
    size_t count, capacity;
    struct buffer headers; /* the From lines, in the order of the file until they have their places */
};

struct reader {
    const char *file;
    unsigned line;
    const struct branding_rules *rules;
    struct branding_set *set;
    bool seen[BRANDING_KEYS]; /* in this section */
    struct error *error;
};

static enum status fault(const struct reader *reader, struct text what, const char *why)
{
    int size = what.size < ERROR_WORDS && characters_clean(what) ? (int)what.size : 0;
    return error_set(reader->error, STATUS_CONFIG, "%s:%u: %.*s%s%s", reader->file, reader->line, size,
                     what.bytes, size ? " " : "", why);
}

static struct text trimmed(struct text text)
{
    while (text.size && strchr(" \t\r", text.bytes[0]) && text.bytes[0])
        text = (struct text){text.bytes + 1, text.size - 1};
    while (text.size && strchr(" \t\r", text.bytes[text.size - 1]) && text.bytes[text.size - 1])
        text.size--;
    return text;
}

static enum status begin_tenant(struct reader *reader, struct text line)
{
    struct branding_set *set = reader->set;
    bool closed = line.size >= 2 && line.bytes[line.size - 1] == ']';
    struct text tenant =
        closed ? trimmed((struct text){line.bytes + 1, line.size - 2}) : (struct text){"", 0};
    if (tenant.size == 0 || tenant.size > (size_t)4 * TENANT_CHARACTERS || !characters_clean(tenant) ||
        memchr(tenant.bytes, '/', tenant.size))
        return fault(reader, (struct text){"", 0},
                     "no [tenant id]: 1 to 128 characters without '/', none that controls text");
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 16;
        struct branding *list = realloc(set->list, capacity * sizeof *list);
        if (!list)
            return error_set(reader->error, STATUS_MEMORY, "no memory for the tenants of %s", reader->file);
        set->list = list;
        set->capacity = capacity;
    }
    set->list[set->count++] = (struct branding){.tenant = tenant};
    memset(reader->seen, 0, sizeof reader->seen);
    return STATUS_OK;
}

static enum status take_pair(struct reader *reader, struct text line)
{
    const char *equals = memchr(line.bytes, '=', line.size);
    struct text name = equals ? trimmed((struct text){line.bytes, (size_t)(equals - line.bytes)}) : line;
    if (!equals)
        return fault(reader, (struct text){"", 0}, "this is neither [tenant] nor key = value");
    if (reader->set->count == 0)
        return fault(reader, name, "stands before the first [tenant]");
    size_t key = branding_key_named(name);
    if (key == BRANDING_KEYS)
        return error_set(reader->error, STATUS_CONFIG, "%s:%u: an unknown key; a tenant has %s", reader->file,
                         reader->line, branding_key_names);
    if (reader->seen[key])
        return fault(reader, name, "is there twice in this section");
    reader->seen[key] = true;
    struct text value = trimmed((struct text){equals + 1, line.size - (size_t)(equals + 1 - line.bytes)});
    struct branding *branding = &reader->set->list[reader->set->count - 1];
    const char *why = branding_key_set(key, value, reader->rules, branding, &reader->set->headers);
    return why ? fault(reader, name, why) : STATUS_OK;
}

static enum status read_lines(struct reader *reader, struct text content)
{
    enum status status = STATUS_OK;
    if (content.size >= 3 && memcmp(content.bytes, "\xEF\xBB\xBF", 3) == 0)
        content = (struct text){content.bytes + 3, content.size - 3};
    while (content.size && !status) {
        const char *end = memchr(content.bytes, '\n', content.size);
        size_t size = end ? (size_t)(end - content.bytes) : content.size;
        struct text line = trimmed((struct text){content.bytes, size});
        size += end ? 1 : 0;
        content = (struct text){content.bytes + size, content.size - size};
        reader->line++;
        if (line.size == 0 || line.bytes[0] == '#' || line.bytes[0] == ';')
            continue;
        status = line.bytes[0] == '[' ? begin_tenant(reader, line) : take_pair(reader, line);
    }
    return status;
}

static int compare_texts(struct text one, struct text other)
{
    size_t size = one.size < other.size ? one.size : other.size;
    int order = size ? memcmp(one.bytes, other.bytes, size) : 0;
    return order ? order : (one.size > other.size) - (one.size < other.size);
}

static int compare(const void *one, const void *other)
{
    return compare_texts(((const struct branding *)one)->tenant, ((const struct branding *)other)->tenant);
}

/* The buffer of the From lines grows no more: each gets its place. */
static void place_headers(struct branding_set *set)
{
    size_t at = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct text *header = &set->list[i].from_header;
        header->bytes = header->size ? set->headers.bytes + at : "";
        at += header->size;
    }
}

static enum status check_twice(const struct reader *reader)
{
    const struct branding *list = reader->set->list;
    for (size_t i = 1; i < reader->set->count; i++)
        if (compare(&list[i - 1], &list[i]) == 0) {
            unsigned line = 1;
            const char *second = list[i].tenant.bytes > list[i - 1].tenant.bytes ? list[i].tenant.bytes
                                                                                 : list[i - 1].tenant.bytes;
            for (const char *at = reader->set->content; at < second; at++)
                line += *at == '\n';
            return error_set(reader->error, STATUS_CONFIG, "%s:%u: the tenant has a section already",
                             reader->file, line);
        }
    return STATUS_OK;
}

enum status branding_set_parse(const char *file, struct text content, const struct branding_rules *rules,
                               struct branding_set **set, struct error *error)
{
    struct branding_set *made = calloc(1, sizeof *made);
    enum status status = STATUS_OK;
    *set = NULL;
    if (made)
        buffer_init(&made->headers, HEADERS_LIMIT);
    if (made && (made->content = malloc(content.size + 1))) {
        if (content.size)
            memcpy(made->content, content.bytes, content.size);
        struct reader reader = {.file = file, .rules = rules, .set = made, .error = error};
        status = read_lines(&reader, (struct text){made->content, content.size});
        place_headers(made);
        if (!status && made->count)
            qsort(made->list, made->count, sizeof *made->list, compare);
        if (!status)
            status = check_twice(&reader);
    } else {
        status = error_set(error, STATUS_MEMORY, "no memory for the tenants of %s", file);
    }
    if (status)
        branding_set_free(&made);
    *set = made;
    return status;
}

void branding_set_free(struct branding_set **set)
{
    if (!*set)
        return;
    buffer_clear(&(*set)->headers);
    free((*set)->list);
    free((*set)->content);
    free(*set);
    *set = NULL;
}

const struct branding *branding_find(const struct branding_set *set, struct text tenant)
{
    struct branding wanted = {.tenant = tenant};
    return set && set->count ? bsearch(&wanted, set->list, set->count, sizeof *set->list, compare) : NULL;
}
