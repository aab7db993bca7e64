/* The keys of one file, in memory from sodium_malloc: guarded, kept out of swap where the limits allow,
 * read-only once filled, wiped when given back.  A keyring never changes; a reload makes another one. */
#include "core/keyring.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/lines.h"

struct keyring {
    struct keyring_key *keys; /* sodium_malloc */
    size_t count;
};

static bool kid_is_fit(struct text kid)
{
    if (kid.size == 0 || kid.size > KEYRING_KID_MOST)
        return false;
    for (size_t i = 0; i < kid.size; i++) {
        char byte = kid.bytes[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!letter && !(byte >= '0' && byte <= '9') && byte != '-' && byte != '_')
            return false;
    }
    return true;
}

static void derive(struct keyring_key *key)
{
    crypto_kdf_derive_from_key(key->record, sizeof key->record, 1, "rrrecord", key->master);
    crypto_kdf_derive_from_key(key->recipient, sizeof key->recipient, 2, "rrrecipi", key->master);
    crypto_kdf_derive_from_key(key->password, sizeof key->password, 3, "rrpasswd", key->master);
}

static enum status parse_line(struct text line, unsigned number, const char *name, struct keyring *keyring,
                              struct error *error)
{
    struct text kid = line_word(&line), hex = line_word(&line);
    struct keyring_key *key = &keyring->keys[keyring->count];
    size_t size = 0;
    if (!kid_is_fit(kid))
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: a key's id is 1 to %d letters, digits, '-' or '_'; write `kid hex64`",
                         name, number, KEYRING_KID_MOST);
    if (hex.size != 2 * KEYRING_KEY_SIZE || line.size)
        return error_set(error, STATUS_CONFIG,
                         "%s line %u: after the key's id stand %d hex digits and nothing else, this has %zu; "
                         "`keygen` makes such a line",
                         name, number, 2 * KEYRING_KEY_SIZE, line.size ? hex.size + line.size : hex.size);
    if (sodium_hex2bin(key->master, sizeof key->master, hex.bytes, hex.size, NULL, &size, NULL) != 0 ||
        size != KEYRING_KEY_SIZE)
        return error_set(error, STATUS_CONFIG, "%s line %u: the key has a character that is no hex digit",
                         name, number);
    memcpy(key->kid, kid.bytes, kid.size);
    key->kid[kid.size] = '\0';
    for (size_t i = 0; i < keyring->count; i++) {
        if (text_equal(text_of(keyring->keys[i].kid), kid))
            return error_set(error, STATUS_CONFIG,
                             "%s line %u: the key id %s stands in the file twice; ids are unique", name,
                             number, key->kid);
        if (sodium_memcmp(keyring->keys[i].master, key->master, KEYRING_KEY_SIZE) == 0)
            return error_set(error, STATUS_CONFIG,
                             "%s line %u: the key %s is the same as %s; take a fresh one", name, number,
                             key->kid, keyring->keys[i].kid);
    }
    derive(key);
    keyring->count++;
    return STATUS_OK;
}

enum status keyring_parse(struct text file, const char *name, struct keyring **result, struct error *error)
{
    enum status status = STATUS_OK;
    struct lines lines = lines_of(file);
    struct text line;
    size_t count = lines_count(file);
    *result = NULL;
    if (count == 0)
        return error_set(error, STATUS_CONFIG, "%s has no key; `keygen %s` makes one", name, name);
    if (count > KEYRING_MOST)
        return error_set(error, STATUS_CONFIG, "%s has %zu keys, at most %d are read; remove the oldest",
                         name, count, KEYRING_MOST);
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring)
        keyring->keys = sodium_allocarray(count, sizeof *keyring->keys);
    if (!keyring || !keyring->keys) {
        free(keyring);
        return error_set(error, STATUS_MEMORY, "no memory for the keys of %s", name);
    }
    while (status == STATUS_OK && lines_next(&lines, &line))
        status = parse_line(line, lines.number, name, keyring, error);
    if (status != STATUS_OK) {
        keyring_free(&keyring);
        return status;
    }
    sodium_mprotect_readonly(keyring->keys);
    *result = keyring;
    return STATUS_OK;
}

void keyring_free(struct keyring **keyring)
{
    if (!*keyring)
        return;
    sodium_free((*keyring)->keys);
    free(*keyring);
    *keyring = NULL;
}

const struct keyring_key *keyring_current(const struct keyring *keyring)
{
    return &keyring->keys[0];
}

const struct keyring_key *keyring_find(const struct keyring *keyring, struct text kid)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (text_equal(text_of(keyring->keys[i].kid), kid))
            return &keyring->keys[i];
    return NULL;
}

size_t keyring_count(const struct keyring *keyring)
{
    return keyring->count;
}

const struct keyring_key *keyring_at(const struct keyring *keyring, size_t index)
{
    return &keyring->keys[index];
}
