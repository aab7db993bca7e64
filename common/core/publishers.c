/* The publishers of one file, sorted by name.  Each entry owns a copy of its name and tenants, never of the
 * secret: of that only the absorbed HMAC state stays, which is wiped with the entry.  A reload makes another
 * set. */
#include "core/publishers.h"

#include <stdlib.h>

#include "core/lines.h"

struct entry {
    struct publisher publisher;
    char *words; /* name and tenants */
    unsigned line;
};

struct publishers {
    struct entry *entries;
    size_t count;
};

static int compare_entries(const void *a, const void *b)
{
    return text_compare(((const struct entry *)a)->publisher.name, ((const struct entry *)b)->publisher.name);
}

static bool secret_is_fit(struct text secret)
{
    if (secret.size < PUBLISHERS_SECRET_LEAST || secret.size > PUBLISHERS_SECRET_MOST)
        return false;
    for (size_t i = 0; i < secret.size; i++)
        if (secret.bytes[i] <= ' ' || secret.bytes[i] > '~')
            return false;
    return true;
}

static enum status parse_line(struct text line, unsigned number, const char *file, struct entry *entry,
                              struct error *error)
{
    struct text name = line_word(&line), secret = line_word(&line);
    struct text scopes = line_word(&line), tenants = line_word(&line);
    struct error cause;
    if (!signature_publisher_is_fit(name))
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: a publisher's name is 1 to %d letters, digits, '.', '_' or '-'", file,
                         number, SIGNATURE_PUBLISHER_MOST);
    if (!secret_is_fit(secret))
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: the secret of %.*s is not %d to %d printable characters", file, number,
                         (int)name.size, name.bytes, PUBLISHERS_SECRET_LEAST, PUBLISHERS_SECRET_MOST);
    if (tenants.size == 0 || line.size)
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: a line is `name secret scopes tenants`, lists with commas, four words",
                         file, number);
    entry->words = malloc(name.size + tenants.size);
    if (!entry->words)
        return error_set(error, STATUS_MEMORY, "no memory for the publishers of %s", file);
    memcpy(entry->words, name.bytes, name.size);
    memcpy(entry->words + name.size, tenants.bytes, tenants.size);
    entry->line = number;
    entry->publisher.name = (struct text){entry->words, name.size};
    enum status status =
        grant_parse(scopes, entry->words + name.size, tenants.size, &entry->publisher.grant, &cause);
    if (status != STATUS_OK)
        return error_set(error, status, "%s line %u: %s", file, number, cause.text);
    signature_key_init(&entry->publisher.key, secret);
    return STATUS_OK;
}

static enum status refuse_twins(const struct publishers *publishers, const char *file, struct error *error)
{
    for (size_t i = 1; i < publishers->count; i++) {
        const struct entry *a = &publishers->entries[i - 1], *b = &publishers->entries[i];
        if (compare_entries(a, b) == 0)
            return error_set(error, STATUS_CONFIG,
                             "%s line %u: the publisher %.*s stands in the file twice; names are unique",
                             file, a->line > b->line ? a->line : b->line, (int)a->publisher.name.size,
                             a->publisher.name.bytes);
    }
    return STATUS_OK;
}

enum status publishers_parse(struct text file, const char *file_name, struct publishers **result,
                             struct error *error)
{
    enum status status = STATUS_OK;
    struct lines lines = lines_of(file);
    struct text line;
    size_t count = lines_count(file);
    *result = NULL;
    if (count > PUBLISHERS_MOST)
        return error_set(error, STATUS_CONFIG, "%s has %zu publishers, at most %d are read", file_name, count,
                         PUBLISHERS_MOST);
    struct publishers *publishers = calloc(1, sizeof *publishers);
    if (publishers)
        publishers->entries = calloc(count ? count : 1, sizeof *publishers->entries);
    if (!publishers || !publishers->entries)
        status = error_set(error, STATUS_MEMORY, "no memory for the publishers of %s", file_name);
    while (status == STATUS_OK && lines_next(&lines, &line))
        status = parse_line(line, lines.number, file_name, &publishers->entries[publishers->count++], error);
    if (status == STATUS_OK) {
        qsort(publishers->entries, publishers->count, sizeof *publishers->entries, compare_entries);
        status = refuse_twins(publishers, file_name, error);
    }
    if (status != STATUS_OK) {
        publishers_free(&publishers);
        return status;
    }
    *result = publishers;
    return STATUS_OK;
}

void publishers_free(struct publishers **publishers)
{
    if (!*publishers)
        return;
    for (size_t i = 0; i < (*publishers)->count; i++) {
        struct entry *entry = &(*publishers)->entries[i];
        signature_key_clear(&entry->publisher.key);
        grant_clear(&entry->publisher.grant);
        free(entry->words);
    }
    free((*publishers)->entries);
    free(*publishers);
    *publishers = NULL;
}

const struct publisher *publishers_find(const struct publishers *publishers, struct text name)
{
    if (name.size == 0)
        return NULL;
    const struct entry wanted = {.publisher.name = name};
    const struct entry *found =
        bsearch(&wanted, publishers->entries, publishers->count, sizeof wanted, compare_entries);
    return found ? &found->publisher : NULL;
}

size_t publishers_count(const struct publishers *publishers)
{
    return publishers->count;
}

const struct publisher *publishers_at(const struct publishers *publishers, size_t index)
{
    return &publishers->entries[index].publisher;
}

enum status publishers_verify(const struct publishers *publishers, struct text header, struct text value,
                              const struct publisher **publisher, struct error *error)
{
    struct signature signature;
    *publisher = NULL;
    enum status status = signature_parse(header, &signature, error);
    if (status != STATUS_OK)
        return status;
    const struct publisher *found = publishers_find(publishers, signature.publisher);
    if (!found)
        return error_set(error, STATUS_DENIED, "the publisher %.*s is not in the publishers file",
                         (int)signature.publisher.size, signature.publisher.bytes);
    if (!signature_verify(&found->key, &signature, value))
        return error_set(error, STATUS_DENIED,
                         "the signature by %.*s does not fit the record; the secrets may differ",
                         (int)signature.publisher.size, signature.publisher.bytes);
    *publisher = found;
    return STATUS_OK;
}
