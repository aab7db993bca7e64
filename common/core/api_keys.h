/* The API keys file: who may call the producer.  A key reads `rr_<id>_<secret>`; the file has only the
 * secret's hash. A line is id hash scopes tenants name with `#` opening a comment line; hash =
 * hex(BLAKE2b-256(secret)); scopes and tenants are lists with commas (core/grant.h); the name is the rest of
 * the line, for people. */
#ifndef CORE_API_KEYS_H
#define CORE_API_KEYS_H

#include "core/grant.h"

enum {
    API_KEY_ID_MOST = 32,       /* lower-case letters and digits */
    API_KEY_SECRET_LENGTH = 43, /* base64url of 32 random bytes */
    API_KEY_LENGTH_MOST = 3 + API_KEY_ID_MOST + 1 + API_KEY_SECRET_LENGTH,
    API_KEY_HASH_SIZE = 32,
    API_KEY_NAME_MOST = 128,
    API_KEYS_MOST = 4096
};

struct api_key {
    struct text id;
    struct text name;
    unsigned char hash[API_KEY_HASH_SIZE];
    struct grant grant;
};

struct api_keys;

/* Reads the file's text; errors name the file and the line.  STATUS_CONFIG, STATUS_MEMORY.  A file without an
 * entry is fine. */
WARN_UNUSED enum status api_keys_parse(struct text file, const char *file_name, struct api_keys **keys,
                                       struct error *error);
void api_keys_free(struct api_keys **keys);

/* The key that `credential` (all of `rr_<id>_<secret>`) is, or NULL.  Looked up by id, compared in constant
 * time; an unknown id is compared with a dummy, so that the time tells nothing about ids. */
const struct api_key *api_keys_authenticate(const struct api_keys *keys, struct text credential);

/* Sorted by id. */
size_t api_keys_count(const struct api_keys *keys);
const struct api_key *api_keys_at(const struct api_keys *keys, size_t index);

/* The hash of a secret as the file has it. */
void api_key_hash(struct text secret, unsigned char hash[API_KEY_HASH_SIZE]);

#endif
