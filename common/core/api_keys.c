/* The API keys of one file, sorted by id.  A secret has 256 random bits, so a plain BLAKE2b is a fit hash:
 * there is nothing to guess, and every request pays for it.  An unknown id costs the same hash and the same
 * comparison as a known one. */
#include "core/api_keys.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/lines.h"

static const char prefix[] = "rr_";
enum { PREFIX_LENGTH = sizeof prefix - 1 };

struct entry {
    struct api_key key;
    char *words; /* id, tenants and name */
    unsigned line;
};

struct api_keys {
    struct entry *entries;
    size_t count;
};

static int compare_entries(const void *a, const void *b)
{
    return text_compare(((const struct entry *)a)->key.id, ((const struct entry *)b)->key.id);
}

static bool id_is_fit(struct text id)
{
    if (id.size == 0 || id.size > API_KEY_ID_MOST)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (!(id.bytes[i] >= 'a' && id.bytes[i] <= 'z') && !(id.bytes[i] >= '0' && id.bytes[i] <= '9'))
            return false;
    return true;
}

static bool name_is_fit(struct text name)
{
    if (name.size == 0 || name.size > API_KEY_NAME_MOST)
        return false;
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.bytes[i] < ' ' || name.bytes[i] == 0x7F)
            return false;
    return true;
}

void api_key_hash(struct text secret, unsigned char hash[API_KEY_HASH_SIZE])
{
    crypto_generichash(hash, API_KEY_HASH_SIZE, (const unsigned char *)secret.bytes, secret.size, NULL, 0);
}

static enum status copy_words(struct entry *entry, struct text id, struct text tenants, struct text name)
{
    entry->words = malloc(id.size + tenants.size + name.size);
    if (!entry->words)
        return STATUS_MEMORY;
    memcpy(entry->words, id.bytes, id.size);
    memcpy(entry->words + id.size, tenants.bytes, tenants.size);
    memcpy(entry->words + id.size + tenants.size, name.bytes, name.size);
    entry->key.id = (struct text){entry->words, id.size};
    entry->key.name = (struct text){entry->words + id.size + tenants.size, name.size};
    return STATUS_OK;
}

static enum status parse_line(struct text line, unsigned number, const char *file, struct entry *entry,
                              struct error *error)
{
    struct text id = line_word(&line), hash = line_word(&line);
    struct text scopes = line_word(&line), tenants = line_word(&line), name = line;
    struct error cause;
    size_t size = 0;
    if (!id_is_fit(id))
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: a key's id is 1 to %d lower-case letters or digits", file, number,
                         API_KEY_ID_MOST);
    if (hash.size != 2 * API_KEY_HASH_SIZE ||
        sodium_hex2bin(entry->key.hash, API_KEY_HASH_SIZE, hash.bytes, hash.size, NULL, &size, NULL) != 0 ||
        size != API_KEY_HASH_SIZE)
        return error_set(error, STATUS_CONFIG, "%s line %u: the hash of the key %.*s is not %d hex digits",
                         file, number, (int)id.size, id.bytes, 2 * API_KEY_HASH_SIZE);
    if (tenants.size == 0 || !name_is_fit(name))
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: a line is `id hash scopes tenants name`, the name up to %d characters",
                         file, number, API_KEY_NAME_MOST);
    entry->line = number;
    if (copy_words(entry, id, tenants, name) != STATUS_OK)
        return error_set(error, STATUS_MEMORY, "no memory for the API keys of %s", file);
    enum status status = grant_parse(scopes, entry->words + id.size, tenants.size, &entry->key.grant, &cause);
    return status == STATUS_OK ? status
                               : error_set(error, status, "%s line %u: %s", file, number, cause.text);
}

static enum status refuse_twins(const struct api_keys *keys, const char *file, struct error *error)
{
    for (size_t i = 1; i < keys->count; i++) {
        const struct entry *a = &keys->entries[i - 1], *b = &keys->entries[i];
        if (compare_entries(a, b) == 0)
            return error_set(error, STATUS_CONFIG,
                             "%s line %u: the key id %.*s stands in the file twice; ids are unique", file,
                             a->line > b->line ? a->line : b->line, (int)a->key.id.size, a->key.id.bytes);
    }
    return STATUS_OK;
}

enum status api_keys_parse(struct text file, const char *file_name, struct api_keys **result,
                           struct error *error)
{
    enum status status = STATUS_OK;
    struct lines lines = lines_of(file);
    struct text line;
    size_t count = lines_count(file);
    *result = NULL;
    if (count > API_KEYS_MOST)
        return error_set(error, STATUS_CONFIG, "%s has %zu API keys, at most %d are read", file_name, count,
                         API_KEYS_MOST);
    struct api_keys *keys = calloc(1, sizeof *keys);
    if (keys)
        keys->entries = calloc(count ? count : 1, sizeof *keys->entries);
    if (!keys || !keys->entries)
        status = error_set(error, STATUS_MEMORY, "no memory for the API keys of %s", file_name);
    while (status == STATUS_OK && lines_next(&lines, &line))
        status = parse_line(line, lines.number, file_name, &keys->entries[keys->count++], error);
    if (status == STATUS_OK) {
        qsort(keys->entries, keys->count, sizeof *keys->entries, compare_entries);
        status = refuse_twins(keys, file_name, error);
    }
    if (status != STATUS_OK) {
        api_keys_free(&keys);
        return status;
    }
    *result = keys;
    return STATUS_OK;
}

void api_keys_free(struct api_keys **keys)
{
    if (!*keys)
        return;
    for (size_t i = 0; (*keys)->entries && i < (*keys)->count; i++) {
        grant_clear(&(*keys)->entries[i].key.grant);
        free((*keys)->entries[i].words);
    }
    free((*keys)->entries);
    free(*keys);
    *keys = NULL;
}

static const struct api_key *find(const struct api_keys *keys, struct text id)
{
    if (id.size == 0)
        return NULL;
    const struct entry wanted = {.key.id = id};
    const struct entry *found = bsearch(&wanted, keys->entries, keys->count, sizeof wanted, compare_entries);
    return found ? &found->key : NULL;
}

const struct api_key *api_keys_authenticate(const struct api_keys *keys, struct text credential)
{
    static const unsigned char dummy[API_KEY_HASH_SIZE]; /* no secret that anybody knows has this hash */
    unsigned char hash[API_KEY_HASH_SIZE];
    if (credential.size > API_KEY_LENGTH_MOST || credential.size <= PREFIX_LENGTH ||
        memcmp(credential.bytes, prefix, PREFIX_LENGTH) != 0)
        return NULL;
    struct text rest = {credential.bytes + PREFIX_LENGTH, credential.size - PREFIX_LENGTH};
    const char *underscore = memchr(rest.bytes, '_', rest.size);
    if (!underscore)
        return NULL;
    struct text id = {rest.bytes, (size_t)(underscore - rest.bytes)};
    struct text secret = {underscore + 1, rest.size - id.size - 1};
    const struct api_key *key = find(keys, id);
    api_key_hash(secret, hash);
    bool equal = sodium_memcmp(hash, key ? key->hash : dummy, sizeof hash) == 0;
    sodium_memzero(hash, sizeof hash);
    return equal ? key : NULL;
}

size_t api_keys_count(const struct api_keys *keys)
{
    return keys->count;
}

const struct api_key *api_keys_at(const struct api_keys *keys, size_t index)
{
    return &keys->entries[index].key;
}
