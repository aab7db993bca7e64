/* The one-time token and everything derived beside it (README "What the relay believes"; all by BLAKE2b).
 *
 *   LP(x)     = x's size in 4 bytes, big endian, then x: no two lists of inputs collide
 *   slot      = base64url(BLAKE2b-128(LP(tenant) LP(user_id)))
 *   token     = base64url(BLAKE2b-256(key = K_token[kid], LP(tenant) LP(user_id) LP(request_id) LP(seed)))
 *   stored    = hex(BLAKE2b-256(token))
 *   recipient = BLAKE2b-128(key = K_recipient[kid'], LP(tenant) LP(user_id) LP(email))
 *   mailbox   = BLAKE2b-128(key = K_recipient[kid'], LP(email))
 *   budget    = BLAKE2b-128(key = K_recipient[kid'], LP("budget") LP(whose) LP(tenant) LP(email))
 *   mac       = BLAKE2b-256(key = K_record[kid'], LP(stored) LP(tenant) LP(user_id) LP(method) LP(request_id)
 *                           LP(recipient) LP(expires_at) LP(made_at))
 *
 * Text goes in byte by byte as it is: no case folding, no normalisation.  `recipient` goes into the mac as
 * its 16 bytes, `method` as its name, times as their decimal digits (milliseconds since 1970).  Nothing here
 * allocates; nothing can fail but token_is_text. */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <stdint.h>

#include "core/text.h"

struct keyring_key; /* core/keyring.h */

enum {
    TOKEN_SEED_SIZE = 32,     /* random bytes of the caller's */
    TOKEN_SLOT_LENGTH = 22,   /* base64url without padding */
    TOKEN_LENGTH = 43,        /* base64url without padding */
    TOKEN_STORED_LENGTH = 64, /* lower-case hex */
    TOKEN_RECIPIENT_SIZE = 16,
    TOKEN_MAILBOX_SIZE = 16,
    TOKEN_MAC_SIZE = 32
};

/* Names the user's keys in Redis; not a secret.  Closed by a NUL. */
void token_slot(struct text tenant, struct text user_id, char slot[TOKEN_SLOT_LENGTH + 1]);

/* What the link carries, closed by a NUL.  A secret: the caller wipes it (sodium_memzero) after use. */
void token_derive(const struct keyring_key *token_key, struct text tenant, struct text user_id,
                  struct text request_id, const unsigned char seed[TOKEN_SEED_SIZE],
                  char token[TOKEN_LENGTH + 1]);

/* Whether `text` has a token's shape: 43 characters of base64url that encode 32 bytes, with no other
 * spelling. */
bool token_is_text(struct text text);

/* The only form of a token that Redis keeps, closed by a NUL. */
void token_stored(struct text token, char stored[TOKEN_STORED_LENGTH + 1]);

/* Binds a link to the address it was mailed to. */
void token_recipient(const struct keyring_key *record_key, struct text tenant, struct text user_id,
                     struct text email, unsigned char recipient[TOKEN_RECIPIENT_SIZE]);

/* One mailbox across users: for the audit. */
void token_mailbox(const struct keyring_key *record_key, struct text email,
                   unsigned char mailbox[TOKEN_MAILBOX_SIZE]);

/* One mailbox across users, for one of its limits: `whose` says what is counted, `tenant` for which company
 * alone (empty: for all). */
void token_budget(const struct keyring_key *record_key, struct text whose, struct text tenant,
                  struct text email, unsigned char budget[TOKEN_MAILBOX_SIZE]);

/* What a token's record says, as the mac covers it. */
struct token_claims {
    struct text stored; /* TOKEN_STORED_LENGTH characters */
    struct text tenant, user_id, method, request_id;
    const unsigned char *recipient; /* TOKEN_RECIPIENT_SIZE bytes */
    int64_t expires_at, made_at;    /* milliseconds since 1970 */
};

void token_mac(const struct keyring_key *record_key, const struct token_claims *claims,
               unsigned char mac[TOKEN_MAC_SIZE]);

/* Compares in constant time. */
bool token_mac_verify(const struct keyring_key *record_key, const struct token_claims *claims,
                      const unsigned char mac[TOKEN_MAC_SIZE]);

#endif
