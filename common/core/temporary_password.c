/* A generated password is picked by rejection: bytes of 248 and above are thrown away, so that no character
 * is likelier than another.  A block of 64 bytes is used up before 24 characters are found once in 2^140
 * passwords; it is then hashed on, so that there is a password always.
 *
 * The word at the front of each hash keeps it apart from every other hash under the same key: a password
 * never is a token's bytes, nor a seal of one record that of another.  Whether a try is right is computed in
 * both ways whatever was asked for, and nothing branches on a secret but the shape of what was typed. */
#include "core/temporary_password.h"

#include <stdio.h>

#include "core/hex.h"
#include "core/keyring.h"
#include "core/length_prefixed.h"

enum { ALPHABET_SIZE = 31, FAIR_BELOW = 256 - 256 % ALPHABET_SIZE, GROUP = 4, STRETCH_PASSES = 2 };

_Static_assert(TEMPORARY_PASSWORD_RANDOM_SIZE == crypto_generichash_BYTES_MAX, "a block is a BLAKE2b-512");
_Static_assert(TEMPORARY_PASSWORD_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "Argon2id's salt");

static const char alphabet[] = "23456789abcdefghjkmnpqrstuvwxyz";
_Static_assert(sizeof alphabet - 1 == ALPHABET_SIZE, "each character once");

static struct text bytes_text(const unsigned char *bytes, size_t size)
{
    return (struct text){(const char *)bytes, size};
}

static void begin(crypto_generichash_state *hash, const unsigned char *key, struct text word, size_t size)
{
    crypto_generichash_init(hash, key, KEYRING_KEY_SIZE, size);
    length_prefixed_hash(hash, word);
}

static void end(crypto_generichash_state *hash, unsigned char *out, size_t size)
{
    crypto_generichash_final(hash, out, size);
    sodium_memzero(hash, sizeof *hash);
}

static void number_hash(crypto_generichash_state *hash, int64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%lld", (long long)number);
    length_prefixed_hash(hash, (struct text){digits, (size_t)size});
}

/* Uses the block up. */
static void pick(unsigned char block[TEMPORARY_PASSWORD_RANDOM_SIZE],
                 char shown[TEMPORARY_PASSWORD_LENGTH + 1])
{
    size_t found = 0, at = 0;
    for (;;) {
        for (size_t i = 0; i < TEMPORARY_PASSWORD_RANDOM_SIZE; i++) {
            if (block[i] >= FAIR_BELOW)
                continue;
            shown[at++] = alphabet[block[i] % ALPHABET_SIZE];
            if (++found == TEMPORARY_PASSWORD_CANONICAL_LENGTH) {
                shown[at] = '\0';
                return;
            }
            if (found % GROUP == 0)
                shown[at++] = '-';
        }
        crypto_generichash(block, TEMPORARY_PASSWORD_RANDOM_SIZE, block, TEMPORARY_PASSWORD_RANDOM_SIZE, NULL,
                           0);
    }
}

void temporary_password_derive(const struct keyring_key *token_key, struct text tenant, struct text user_id,
                               struct text request_id, const unsigned char seed[TOKEN_SEED_SIZE],
                               char shown[TEMPORARY_PASSWORD_LENGTH + 1])
{
    crypto_generichash_state hash;
    unsigned char block[TEMPORARY_PASSWORD_RANDOM_SIZE];
    begin(&hash, token_key->master, TEXT("temporary-password"), sizeof block);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, user_id);
    length_prefixed_hash(&hash, request_id);
    length_prefixed_hash(&hash, bytes_text(seed, TOKEN_SEED_SIZE));
    end(&hash, block, sizeof block);
    pick(block, shown);
    sodium_memzero(block, sizeof block);
}

void temporary_password_stored(const struct keyring_key *token_key, struct text shown,
                               char stored[TOKEN_STORED_LENGTH + 1])
{
    crypto_generichash_state hash;
    unsigned char bytes[TOKEN_STORED_LENGTH / 2];
    begin(&hash, token_key->master, TEXT("temporary-password-stored"), sizeof bytes);
    length_prefixed_hash(&hash, shown);
    end(&hash, bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, stored);
}

void temporary_password_make(const unsigned char random[TEMPORARY_PASSWORD_RANDOM_SIZE],
                             char shown[TEMPORARY_PASSWORD_LENGTH + 1])
{
    unsigned char block[TEMPORARY_PASSWORD_RANDOM_SIZE];
    memcpy(block, random, sizeof block);
    pick(block, shown);
    sodium_memzero(block, sizeof block);
}

bool temporary_password_canonical(struct text typed, char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1])
{
    size_t size = 0;
    bool fits = true;
    for (size_t i = 0; fits && i < typed.size; i++) {
        char byte = typed.bytes[i];
        if (byte == ' ' || byte == '-')
            continue;
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        fits = size < TEMPORARY_PASSWORD_CANONICAL_LENGTH && byte && strchr(alphabet, byte);
        if (fits)
            canonical[size++] = byte;
    }
    fits = fits && size == TEMPORARY_PASSWORD_CANONICAL_LENGTH;
    if (!fits)
        sodium_memzero(canonical, TEMPORARY_PASSWORD_CANONICAL_LENGTH);
    canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH] = '\0';
    return fits;
}

enum status temporary_password_stretch(struct text password,
                                       const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE],
                                       unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                       struct error *error)
{
    if (crypto_pwhash_argon2id(stretched, TEMPORARY_PASSWORD_STRETCHED_SIZE, password.bytes, password.size,
                               salt, STRETCH_PASSES, TEMPORARY_PASSWORD_STRETCH_MEMORY,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0)
        return STATUS_OK;
    sodium_memzero(stretched, TEMPORARY_PASSWORD_STRETCHED_SIZE);
    return error_set(error, STATUS_MEMORY,
                     "no memory to hash a password: Argon2id needs 19 MiB for a moment");
}

static void verifier_of(const struct keyring_key *record_key, struct text tenant, struct text user_id,
                        struct text kind, struct text secret,
                        unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, record_key->password, KEYRING_KEY_SIZE, TEMPORARY_PASSWORD_VERIFIER_SIZE);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, user_id);
    length_prefixed_hash(&hash, kind);
    length_prefixed_hash(&hash, secret);
    end(&hash, verifier, TEMPORARY_PASSWORD_VERIFIER_SIZE);
}

void temporary_password_verifier_generated(const struct keyring_key *record_key, struct text tenant,
                                           struct text user_id, struct text canonical,
                                           unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE])
{
    verifier_of(record_key, tenant, user_id, TEXT("generated"), canonical, verifier);
}

void temporary_password_verifier_chosen(const struct keyring_key *record_key, struct text tenant,
                                        struct text user_id,
                                        const unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                        unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE])
{
    verifier_of(record_key, tenant, user_id, TEXT("argon2id"),
                bytes_text(stretched, TEMPORARY_PASSWORD_STRETCHED_SIZE), verifier);
}

bool temporary_password_matches(const struct keyring_key *record_key, struct text tenant, struct text user_id,
                                enum method method, struct text canonical,
                                const unsigned char stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE],
                                const unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE])
{
    unsigned char generated[TEMPORARY_PASSWORD_VERIFIER_SIZE], chosen[TEMPORARY_PASSWORD_VERIFIER_SIZE];
    temporary_password_verifier_generated(record_key, tenant, user_id, canonical, generated);
    temporary_password_verifier_chosen(record_key, tenant, user_id, stretched, chosen);
    bool is_generated = sodium_memcmp(generated, verifier, sizeof generated) == 0;
    bool is_chosen = sodium_memcmp(chosen, verifier, sizeof chosen) == 0;
    sodium_memzero(generated, sizeof generated);
    sodium_memzero(chosen, sizeof chosen);
    return method == METHOD_TEMPORARY_PASSWORD_CHOSEN ? is_chosen : is_generated;
}

void temporary_password_mac(const struct keyring_key *record_key,
                            const struct temporary_password_claims *claims,
                            unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->record, TEXT("password"), TEMPORARY_PASSWORD_MAC_SIZE);
    length_prefixed_hash(&hash, claims->tenant);
    length_prefixed_hash(&hash, claims->user_id);
    length_prefixed_hash(&hash, claims->request_id);
    length_prefixed_hash(&hash, bytes_text(claims->inc, TEMPORARY_PASSWORD_INC_SIZE));
    number_hash(&hash, claims->made_ms);
    number_hash(&hash, claims->expires_ms);
    number_hash(&hash, claims->opened);
    length_prefixed_hash(&hash, text_of(method_name(claims->method)));
    length_prefixed_hash(&hash, bytes_text(claims->salt, TEMPORARY_PASSWORD_SALT_SIZE));
    length_prefixed_hash(&hash, bytes_text(claims->verifier, TEMPORARY_PASSWORD_VERIFIER_SIZE));
    end(&hash, mac, TEMPORARY_PASSWORD_MAC_SIZE);
}

void staged_password_mac(const struct keyring_key *record_key, const struct staged_password_claims *claims,
                         unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->record, TEXT("staged"), TEMPORARY_PASSWORD_MAC_SIZE);
    length_prefixed_hash(&hash, claims->tenant);
    length_prefixed_hash(&hash, claims->user_id);
    length_prefixed_hash(&hash, claims->request_id);
    number_hash(&hash, claims->made_ms);
    length_prefixed_hash(&hash, text_of(method_name(claims->method)));
    length_prefixed_hash(&hash, bytes_text(claims->salt, TEMPORARY_PASSWORD_SALT_SIZE));
    length_prefixed_hash(&hash, bytes_text(claims->verifier, TEMPORARY_PASSWORD_VERIFIER_SIZE));
    end(&hash, mac, TEMPORARY_PASSWORD_MAC_SIZE);
}

/* Wipes `expected`. */
static bool is_seal(unsigned char expected[TEMPORARY_PASSWORD_MAC_SIZE],
                    const unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE])
{
    bool equal = sodium_memcmp(expected, mac, TEMPORARY_PASSWORD_MAC_SIZE) == 0;
    sodium_memzero(expected, TEMPORARY_PASSWORD_MAC_SIZE);
    return equal;
}

bool temporary_password_mac_verify(const struct keyring_key *record_key,
                                   const struct temporary_password_claims *claims,
                                   const unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE])
{
    unsigned char expected[TEMPORARY_PASSWORD_MAC_SIZE];
    temporary_password_mac(record_key, claims, expected);
    return is_seal(expected, mac);
}

bool staged_password_mac_verify(const struct keyring_key *record_key,
                                const struct staged_password_claims *claims,
                                const unsigned char mac[TEMPORARY_PASSWORD_MAC_SIZE])
{
    unsigned char expected[TEMPORARY_PASSWORD_MAC_SIZE];
    staged_password_mac(record_key, claims, expected);
    return is_seal(expected, mac);
}
