/* RFC 9562: version in the high half of byte 6, variant 10 in the high bits of byte 8.  Text is only what
 * this relay writes itself: one spelling per id, so that ids compare as bytes everywhere. */
#include "core/uuid.h"

#include "core/length_prefixed.h"

static struct uuid stamped(struct uuid uuid, unsigned version)
{
    uuid.bytes[6] = (unsigned char)((uuid.bytes[6] & 0x0F) | version << 4);
    uuid.bytes[8] = (unsigned char)((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid;
}

struct uuid uuid_v7(int64_t time_ms, const unsigned char random[UUID_V7_RANDOM])
{
    struct uuid uuid;
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (unsigned char)((uint64_t)time_ms >> (40 - 8 * i));
    memcpy(uuid.bytes + 6, random, UUID_V7_RANDOM);
    return stamped(uuid, 7);
}

bool uuid_v7_time(const struct uuid *uuid, int64_t *time_ms)
{
    uint64_t time = 0;
    if (uuid->bytes[6] >> 4 != 7)
        return false;
    for (int i = 0; i < 6; i++)
        time = time << 8 | uuid->bytes[i];
    *time_ms = (int64_t)time;
    return true;
}

struct uuid uuid_v8(const unsigned char hash[UUID_SIZE])
{
    struct uuid uuid;
    memcpy(uuid.bytes, hash, UUID_SIZE);
    return stamped(uuid, 8);
}

static struct uuid uuid_of_pair(struct text first, struct text second)
{
    crypto_generichash_state hash;
    unsigned char bytes[UUID_SIZE];
    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    length_prefixed_hash(&hash, first);
    length_prefixed_hash(&hash, second);
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    return uuid_v8(bytes);
}

struct uuid uuid_of_idempotency_key(struct text api_key_id, struct text idempotency_key)
{
    return uuid_of_pair(api_key_id, idempotency_key);
}

/* Never an Idempotency-Key's: an API key's id is no UUID. */
struct uuid uuid_derived(struct text id, struct text word)
{
    return uuid_of_pair(id, word);
}

static bool hyphen_at(size_t index)
{
    return index == 8 || index == 13 || index == 18 || index == 23;
}

void uuid_print(const struct uuid *uuid, char text[UUID_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t half = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        if (hyphen_at(i)) {
            text[i] = '-';
            continue;
        }
        unsigned char byte = uuid->bytes[half / 2];
        text[i] = digits[half % 2 ? byte & 15 : byte >> 4];
        half++;
    }
    text[UUID_LENGTH] = '\0';
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool uuid_parse(struct text text, struct uuid *uuid)
{
    size_t half = 0;
    if (text.size != UUID_LENGTH)
        return false;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        if (hyphen_at(i)) {
            if (text.bytes[i] != '-')
                return false;
            continue;
        }
        int value = digit_value(text.bytes[i]);
        if (value < 0)
            return false;
        unsigned char *byte = &uuid->bytes[half / 2];
        *byte = (unsigned char)(half % 2 ? *byte | value : value << 4);
        half++;
    }
    return true;
}

bool uuid_is_text(struct text text)
{
    struct uuid uuid;
    return uuid_parse(text, &uuid);
}

bool uuid_read(struct text text, char id[UUID_LENGTH + 1])
{
    if (text.size != UUID_LENGTH)
        return false;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        char byte = text.bytes[i];
        id[i] = byte >= 'A' && byte <= 'F' ? (char)(byte + ('a' - 'A')) : byte;
    }
    id[UUID_LENGTH] = '\0';
    return uuid_is_text((struct text){id, UUID_LENGTH});
}
