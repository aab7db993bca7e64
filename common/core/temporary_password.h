/* Temporary passwords and everything derived beside them (LP as in core/token.h; all BLAKE2b but Argon2id).
 *
 *   block     = BLAKE2b-512(key = K_token[kid], LP("temporary-password") LP(tenant) LP(user_id)
 *                           LP(request_id) LP(seed))                          mailed; handed: 64 random bytes
 *   canonical = 24 characters of the alphabet, one for each byte of the block below 248: byte mod 31; where a
 *               block runs out, its BLAKE2b-512 is the next one
 *   shown     = canonical in groups of four with hyphens between them
 *   argon2id  = Argon2id(password, salt; 19 MiB, 2 passes, 1 lane), 32 bytes               chosen
 *   verifier  = BLAKE2b-256(key = K_password[kid'], LP(tenant) LP(user_id) LP(kind) LP(canonical or
 * argon2id)) kind: "generated" (mailed, handed) or "argon2id" (chosen) mac       = BLAKE2b-256(key =
 * K_record[kid'], LP("password" or "staged") LP(each field in the order declared below)); a time goes in as
 * its decimal digits, opened as "0" or "1"
 *
 * The alphabet has no look-alikes: 24 of its 31 characters are 118 bits, all equally likely.  Nothing here
 * allocates but temporary_password_stretch, and nothing else can fail. */
#ifndef CORE_TEMPORARY_PASSWORD_H
#define CORE_TEMPORARY_PASSWORD_H

#include <stdint.h>

#include "core/event.h"
#include "core/status.h"
#include "core/text.h"
#include "core/token.h"

enum {
    TEMPORARY_PASSWORD_LENGTH = 29,           /* as shown: xxxx-xxxx-xxxx-xxxx-xxxx-xxxx */
    TEMPORARY_PASSWORD_CANONICAL_LENGTH = 24, /* without the hyphens */
    TEMPORARY_PASSWORD_RANDOM_SIZE = 64,
    TEMPORARY_PASSWORD_SALT_SIZE = 16,
    TEMPORARY_PASSWORD_STRETCHED_SIZE = 32,
    TEMPORARY_PASSWORD_VERIFIER_SIZE = 32,
    TEMPORARY_PASSWORD_INC_SIZE = 8,
    TEMPORARY_PASSWORD_MAC_SIZE = 32,
    TEMPORARY_PASSWORD_STRETCH_MEMORY = 19 * 1024 * 1024 /* bytes, while it runs */
};

/* `mailed`: the same one for the same seed.  `shown` is closed by a NUL and a secret: the caller wipes it. */
void temporary_password_derive(const struct keyring_key *token_key, struct text tenant, struct text user_id,
                               struct text request_id, const unsigned char seed[TOKEN_SEED_SIZE],
                               char shown[TEMPORARY_PASSWORD_LENGTH + 1]);

/* The form of it that the request's record keeps, so that whoever derives it again sees that it is the same:
 * hex(BLAKE2b-256(key = K_token[kid], LP("temporary-password-stored") LP(shown))), closed by a NUL. */
void temporary_password_stored(const struct keyring_key *token_key, struct text shown,
                               char stored[TOKEN_STORED_LENGTH + 1]);

/* `handed`: from random bytes, which the caller wipes, too. */
void temporary_password_make(const unsigned char random[TEMPORARY_PASSWORD_RANDOM_SIZE],
                             char shown[TEMPORARY_PASSWORD_LENGTH + 1]);

/* What somebody typed, without spaces and hyphens and in lower case, closed by a NUL; a secret.  False, and
 * an empty text, for what no generated password could be. */
bool temporary_password_canonical(struct text typed, char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1]);

/* Argon2id: takes tens of milliseconds and 19 MiB, so never on a loop.  STATUS_MEMORY. */
WARN_UNUSED enum status temporary_password_stretch(struct text password,
                                                   const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE],
                                                   unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                                   struct error *error);

/* Of a generated password, from its canonical text (an empty one gives a verifier that none has). */
void temporary_password_verifier_generated(const struct keyring_key *record_key, struct text tenant,
                                           struct text user_id, struct text canonical,
                                           unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE]);

/* Of a chosen one, from what temporary_password_stretch made of it. */
void temporary_password_verifier_chosen(const struct keyring_key *record_key, struct text tenant,
                                        struct text user_id,
                                        const unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                        unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE]);

/* Whether what was typed (canonical: may be empty; stretched with the record's salt) is the password behind
 * `verifier`, which a `method` made.  Both kinds are computed and compared, whatever the method. */
bool temporary_password_matches(const struct keyring_key *record_key, struct text tenant, struct text user_id,
                                enum method method, struct text canonical,
                                const unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                const unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE]);

/* What the record password:<slot> says, as its mac covers it. */
struct temporary_password_claims {
    struct text tenant, user_id, request_id;
    const unsigned char *inc; /* TEMPORARY_PASSWORD_INC_SIZE bytes */
    int64_t made_ms, expires_ms;
    bool opened;
    enum method method;
    const unsigned char *salt;     /* TEMPORARY_PASSWORD_SALT_SIZE bytes; zero where it was generated */
    const unsigned char *verifier; /* TEMPORARY_PASSWORD_VERIFIER_SIZE bytes */
};

/* What the record staged:<request id> says, as its mac covers it. */
struct staged_password_claims {
    struct text tenant, user_id, request_id;
    int64_t made_ms;
    enum method method;
    const unsigned char *salt, *verifier; /* as above */
};

/* verify compares in constant time. */
void temporary_password_mac(const struct keyring_key *record_key,
                            const struct temporary_password_claims *claims,
                            unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE]);
bool temporary_password_mac_verify(const struct keyring_key *record_key,
                                   const struct temporary_password_claims *claims,
                                   const unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE]);
void staged_password_mac(const struct keyring_key *record_key, const struct staged_password_claims *claims,
                         unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE]);
bool staged_password_mac_verify(const struct keyring_key *record_key,
                                const struct staged_password_claims *claims,
                                const unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE]);

#endif
