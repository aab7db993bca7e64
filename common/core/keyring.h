/* The keys of one key file: `kid hex64` a line, the first is current; `#` opens a comment line.
 *
 * A token key file's keys are K_token themselves (`master`).  A record key file's keys are never used
 * directly: K_record, K_recipient and K_password come from each by crypto_kdf (libsodium), context "rrrecord"
 * with id 1, "rrrecipi" with id 2 and "rrpasswd" with id 3.  Ids 4 and up are free. */
#ifndef CORE_KEYRING_H
#define CORE_KEYRING_H

#include "core/status.h"
#include "core/text.h"

enum {
    KEYRING_KEY_SIZE = 32,
    KEYRING_KID_MOST = 16, /* letters, digits, '-' and '_' */
    KEYRING_MOST = 64      /* keys in a file */
};

struct keyring_key {
    char kid[KEYRING_KID_MOST + 1];
    unsigned char master[KEYRING_KEY_SIZE];
    unsigned char record[KEYRING_KEY_SIZE];
    unsigned char recipient[KEYRING_KEY_SIZE];
    unsigned char password[KEYRING_KEY_SIZE];
};

struct keyring;

/* Reads the text of a key file.  `name` is the file's name for the error, which also has the line's number
 * and never the key.  STATUS_CONFIG for a wrong length, bad hex, an unfit or repeated kid, a repeated key or
 * no key at all; STATUS_MEMORY.  The caller wipes `file`. */
WARN_UNUSED enum status keyring_parse(struct text file, const char *name, struct keyring **keyring,
                                      struct error *error);

/* Wipes, frees and nulls. */
void keyring_free(struct keyring **keyring);

/* The key that new tokens and records take; never NULL.  It lives as long as the keyring. */
const struct keyring_key *keyring_current(const struct keyring *keyring);

/* NULL for an unknown kid. */
const struct keyring_key *keyring_find(const struct keyring *keyring, struct text kid);

/* The keys in the file's order, the current one at 0. */
size_t keyring_count(const struct keyring *keyring);
const struct keyring_key *keyring_at(const struct keyring *keyring, size_t index);

#endif
