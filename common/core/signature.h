/* Who wrote a record: the header `reset-relay-signature: v1;<publisher>;<hex HMAC-SHA256 of the record's
 * value>`. The HMAC's key is the publisher's secret as it is printed, byte by byte. */
#ifndef CORE_SIGNATURE_H
#define CORE_SIGNATURE_H

#include <sodium.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

#define SIGNATURE_HEADER "reset-relay-signature"

enum { SIGNATURE_SIZE = crypto_auth_hmacsha256_BYTES, SIGNATURE_PUBLISHER_MOST = 64 };

/* The HMAC with the key already absorbed: each signature costs only its value.  As secret as the key; plain
 * value, wiped by its owner. */
struct signature_key {
    crypto_auth_hmacsha256_state absorbed;
};

void signature_key_init(struct signature_key *key, struct text secret);
void signature_key_clear(struct signature_key *key);

/* A header taken apart; `publisher` points into it. */
struct signature {
    struct text publisher;
    unsigned char code[SIGNATURE_SIZE];
};

/* STATUS_INVALID when the header is not exactly of that form (lower-case hex). */
WARN_UNUSED enum status signature_parse(struct text header, struct signature *signature, struct error *error);

/* Appends the header's value. */
void signature_make(const struct signature_key *key, struct text publisher, struct text value,
                    struct buffer *header);

/* Compares in constant time. */
WARN_UNUSED bool signature_verify(const struct signature_key *key, const struct signature *signature,
                                  struct text value);

/* Letters, digits, '.', '_' and '-', 1 to SIGNATURE_PUBLISHER_MOST of them. */
bool signature_publisher_is_fit(struct text name);

#endif
