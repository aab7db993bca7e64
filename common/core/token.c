/* Every value is one BLAKE2b (libsodium's crypto_generichash) over length-prefixed parts, streamed, so
 * nothing is copied together first.  What held a key or a secret on the stack is wiped before return; the
 * hash state holds the key's block, so it counts as secret too.  The only output that is a secret is the
 * token. */
#include "core/token.h"

#include "core/base64url.h"
#include "core/hex.h"
#include "core/keyring.h"
#include "core/length_prefixed.h"
#include "core/short_text.h"

enum { SECRET_SIZE = 32, SHORT_SIZE = 16 };

_Static_assert(KEYRING_KEY_SIZE == crypto_generichash_KEYBYTES, "a key fills BLAKE2b's recommended key size");

static struct text bytes_text(const unsigned char *bytes, size_t size)
{
    return (struct text){(const char *)bytes, size};
}

static void begin(crypto_generichash_state *hash, const unsigned char *key, size_t size)
{
    crypto_generichash_init(hash, key, key ? KEYRING_KEY_SIZE : 0, size);
}

static void end(crypto_generichash_state *hash, unsigned char *out, size_t size)
{
    crypto_generichash_final(hash, out, size);
    sodium_memzero(hash, sizeof *hash);
}

void token_slot(struct text tenant, struct text user_id, char slot[TOKEN_SLOT_LENGTH + 1])
{
    crypto_generichash_state hash;
    unsigned char bytes[SHORT_SIZE];
    begin(&hash, NULL, sizeof bytes);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, user_id);
    end(&hash, bytes, sizeof bytes);
    *base64url_encode(bytes, sizeof bytes, slot) = '\0';
}

void token_derive(const struct keyring_key *token_key, struct text tenant, struct text user_id,
                  struct text request_id, const unsigned char seed[TOKEN_SEED_SIZE],
                  char token[TOKEN_LENGTH + 1])
{
    crypto_generichash_state hash;
    unsigned char secret[SECRET_SIZE];
    begin(&hash, token_key->master, sizeof secret);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, user_id);
    length_prefixed_hash(&hash, request_id);
    length_prefixed_hash(&hash, bytes_text(seed, TOKEN_SEED_SIZE));
    end(&hash, secret, sizeof secret);
    *base64url_encode(secret, sizeof secret, token) = '\0';
    sodium_memzero(secret, sizeof secret);
}

bool token_is_text(struct text text)
{
    unsigned char secret[SECRET_SIZE];
    bool is = base64url_decode(text, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return is;
}

void token_stored(struct text token, char stored[TOKEN_STORED_LENGTH + 1])
{
    unsigned char bytes[SECRET_SIZE];
    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)token.bytes, token.size, NULL, 0);
    hex_encode(bytes, sizeof bytes, stored);
}

void token_recipient(const struct keyring_key *record_key, struct text tenant, struct text user_id,
                     struct text email, unsigned char recipient[TOKEN_RECIPIENT_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->recipient, TOKEN_RECIPIENT_SIZE);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, user_id);
    length_prefixed_hash(&hash, email);
    end(&hash, recipient, TOKEN_RECIPIENT_SIZE);
}

void token_mailbox(const struct keyring_key *record_key, struct text email,
                   unsigned char mailbox[TOKEN_MAILBOX_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->recipient, TOKEN_MAILBOX_SIZE);
    length_prefixed_hash(&hash, email);
    end(&hash, mailbox, TOKEN_MAILBOX_SIZE);
}

void token_budget(const struct keyring_key *record_key, struct text whose, struct text tenant,
                  struct text email, unsigned char budget[TOKEN_MAILBOX_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->recipient, TOKEN_MAILBOX_SIZE);
    length_prefixed_hash(&hash, TEXT("budget"));
    length_prefixed_hash(&hash, whose);
    length_prefixed_hash(&hash, tenant);
    length_prefixed_hash(&hash, email);
    end(&hash, budget, TOKEN_MAILBOX_SIZE);
}

static void hash_time(crypto_generichash_state *hash, int64_t time)
{
    char digits[SHORT_TEXT_NUMBER];
    length_prefixed_hash(hash, short_text_number(time, digits));
}

void token_mac(const struct keyring_key *record_key, const struct token_claims *claims,
               unsigned char mac[TOKEN_MAC_SIZE])
{
    crypto_generichash_state hash;
    begin(&hash, record_key->record, TOKEN_MAC_SIZE);
    length_prefixed_hash(&hash, claims->stored);
    length_prefixed_hash(&hash, claims->tenant);
    length_prefixed_hash(&hash, claims->user_id);
    length_prefixed_hash(&hash, claims->method);
    length_prefixed_hash(&hash, claims->request_id);
    length_prefixed_hash(&hash, bytes_text(claims->recipient, TOKEN_RECIPIENT_SIZE));
    hash_time(&hash, claims->expires_at);
    hash_time(&hash, claims->made_at);
    end(&hash, mac, TOKEN_MAC_SIZE);
}

bool token_mac_verify(const struct keyring_key *record_key, const struct token_claims *claims,
                      const unsigned char mac[TOKEN_MAC_SIZE])
{
    unsigned char expected[TOKEN_MAC_SIZE];
    token_mac(record_key, claims, expected);
    bool equal = sodium_memcmp(expected, mac, sizeof expected) == 0;
    sodium_memzero(expected, sizeof expected);
    return equal;
}
