/* UUIDs (RFC 9562): version 7 for new requests, version 8 for ids that a repeat must reach again. */
#ifndef CORE_UUID_H
#define CORE_UUID_H

#include <stdint.h>

#include "core/text.h"

enum { UUID_SIZE = 16, UUID_LENGTH = 36, UUID_V7_RANDOM = 10 };

struct uuid {
    unsigned char bytes[UUID_SIZE];
};

/* `time_ms`: milliseconds since 1970 (48 bits); `random`: the caller's random bytes, of which 74 bits are
 * used. */
struct uuid uuid_v7(int64_t time_ms, const unsigned char random[UUID_V7_RANDOM]);

/* When a UUID of version 7 was made; false for other versions. */
bool uuid_v7_time(const struct uuid *uuid, int64_t *time_ms);

/* 122 bits of `hash`. */
struct uuid uuid_v8(const unsigned char hash[UUID_SIZE]);

/* The id of the request that an Idempotency-Key names: v8 of BLAKE2b-128(LP(api_key_id) LP(idempotency_key)).
 */
struct uuid uuid_of_idempotency_key(struct text api_key_id, struct text idempotency_key);

/* The id of what follows from the event `id`, by a word for it ("previous"): v8 of BLAKE2b-128(LP(id)
 * LP(word)). */
struct uuid uuid_derived(struct text id, struct text word);

/* Lower case, closed by a NUL. */
void uuid_print(const struct uuid *uuid, char text[UUID_LENGTH + 1]);

/* Only the canonical form: 36 characters, lower-case hex, hyphens in place.  Any version and variant, the nil
 * UUID too. */
bool uuid_parse(struct text text, struct uuid *uuid);
bool uuid_is_text(struct text text);

/* In either case, as others may write it; `id` gets the canonical form and a NUL. */
bool uuid_read(struct text text, char id[UUID_LENGTH + 1]);

#endif
