/* HMAC-SHA256 (libsodium) with the key absorbed once: libsodium's state after init is the whole secret,
 * copied for each value and wiped.  A header that is not exactly of version 1's form is refused, so that no
 * two spellings pass. */
#include "core/signature.h"

#include "core/hex.h"

static const char version[] = "v1;";
enum { VERSION_LENGTH = sizeof version - 1 };

void signature_key_init(struct signature_key *key, struct text secret)
{
    crypto_auth_hmacsha256_init(&key->absorbed, (const unsigned char *)secret.bytes, secret.size);
}

void signature_key_clear(struct signature_key *key)
{
    sodium_memzero(key, sizeof *key);
}

static void sign(const struct signature_key *key, struct text value, unsigned char code[SIGNATURE_SIZE])
{
    crypto_auth_hmacsha256_state state = key->absorbed;
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)value.bytes, value.size);
    crypto_auth_hmacsha256_final(&state, code);
    sodium_memzero(&state, sizeof state);
}

bool signature_publisher_is_fit(struct text name)
{
    if (name.size == 0 || name.size > SIGNATURE_PUBLISHER_MOST)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.bytes[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!letter && !(byte >= '0' && byte <= '9') && byte != '.' && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

enum status signature_parse(struct text header, struct signature *signature, struct error *error)
{
    const char *name = header.bytes ? header.bytes + VERSION_LENGTH : NULL;
    if (header.size <= VERSION_LENGTH || memcmp(header.bytes, version, VERSION_LENGTH) != 0)
        return error_set(error, STATUS_INVALID, "the header %s does not begin with \"%s\"", SIGNATURE_HEADER,
                         version);
    const char *end = memchr(name, ';', header.size - VERSION_LENGTH);
    if (!end || !signature_publisher_is_fit((struct text){name, (size_t)(end - name)}))
        return error_set(error, STATUS_INVALID, "the header %s names no publisher after \"%s\"",
                         SIGNATURE_HEADER, version);
    signature->publisher = (struct text){name, (size_t)(end - name)};
    size_t before = VERSION_LENGTH + signature->publisher.size + 1;
    if (!hex_decode((struct text){end + 1, header.size - before}, signature->code, SIGNATURE_SIZE))
        return error_set(error, STATUS_INVALID, "the header %s does not end with %d lower-case hex digits",
                         SIGNATURE_HEADER, 2 * SIGNATURE_SIZE);
    return STATUS_OK;
}

void signature_make(const struct signature_key *key, struct text publisher, struct text value,
                    struct buffer *header)
{
    unsigned char code[SIGNATURE_SIZE];
    char hex[2 * SIGNATURE_SIZE + 1];
    sign(key, value, code);
    hex_encode(code, sizeof code, hex);
    buffer_append(header, version, VERSION_LENGTH);
    buffer_append_text(header, publisher);
    buffer_append_byte(header, ';');
    buffer_append(header, hex, sizeof hex - 1);
}

bool signature_verify(const struct signature_key *key, const struct signature *signature, struct text value)
{
    unsigned char code[SIGNATURE_SIZE];
    sign(key, value, code);
    bool equal = sodium_memcmp(code, signature->code, sizeof code) == 0;
    sodium_memzero(code, sizeof code);
    return equal;
}
