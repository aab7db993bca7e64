/* Every byte at every place is written as libsodium writes it. */
#include "support.h"

#include <sodium.h>
#include <string.h>

#include "core/base64url.h"

enum { SIZE_MOST = 40 };

static void assert_as_libsodium(const unsigned char *bytes, size_t size)
{
    char text[BASE64URL_LENGTH(SIZE_MOST) + 1];
    char expected[sodium_base64_ENCODED_LEN(SIZE_MOST, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    sodium_bin2base64(expected, sizeof expected, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    memset(text, '!', sizeof text);
    assert_ptr_equal(base64url_encode(bytes, size, text), text + strlen(expected));
    assert_int_equal(BASE64URL_LENGTH(size), strlen(expected));
    assert_memory_equal(text, expected, strlen(expected));
    assert_int_equal(text[strlen(expected)], '!');
}

static void every_byte_is_written_as_by_libsodium(void **state)
{
    (void)state;
    unsigned char bytes[SIZE_MOST];
    for (size_t size = 0; size <= SIZE_MOST; size++)
        for (unsigned first = 0; first < 256; first++) {
            for (size_t i = 0; i < size; i++)
                bytes[i] = (unsigned char)(first + i * 89);
            assert_as_libsodium(bytes, size);
        }
}

static void every_pair_of_bytes_is_written_as_by_libsodium(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        unsigned char bytes[3] = {(unsigned char)pair, (unsigned char)(pair >> 8), (unsigned char)(pair * 7)};
        assert_as_libsodium(bytes, sizeof bytes);
    }
}

static void only_the_letters_are_read(void **state)
{
    (void)state;
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int byte = 0; byte < 256; byte++) {
        char text[] = {'A', 'A', (char)byte, 'A'};
        unsigned char bytes[3];
        bool letter = byte != 0 && strchr(letters, byte);
        if (base64url_decode((struct text){text, sizeof text}, bytes, sizeof bytes) != letter)
            fail_msg("byte %d is %s", byte, letter ? "refused" : "taken");
    }
}

static void only_what_encoding_writes_is_read(void **state)
{
    (void)state;
    static const char *const others[] = {"AAE", "AAEC", "AAECA=", "AAE=", "AAF", "AAE ", " AAE", ""};
    unsigned char bytes[2];
    assert_true(base64url_decode(TEXT("AAE"), bytes, 2));
    assert_int_equal(bytes[1], 1);
    for (size_t i = 1; i < sizeof others / sizeof *others; i++)
        if (base64url_decode(text_of(others[i]), bytes, 2))
            fail_msg("\"%s\" is taken", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_written_as_by_libsodium),
        cmocka_unit_test(every_pair_of_bytes_is_written_as_by_libsodium),
        cmocka_unit_test(only_the_letters_are_read),
        cmocka_unit_test(only_what_encoding_writes_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
