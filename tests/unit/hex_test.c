/* Every byte is written as libsodium writes it, and only lower-case digits are read. */
#include "support.h"

#include <sodium.h>
#include <string.h>

#include "core/hex.h"

enum { SIZE_MOST = 36 };

static void every_byte_is_written_as_by_libsodium_and_read_back(void **state)
{
    (void)state;
    unsigned char bytes[SIZE_MOST], back[SIZE_MOST];
    char text[2 * SIZE_MOST + 2], expected[2 * SIZE_MOST + 1];
    for (size_t size = 0; size <= SIZE_MOST; size++)
        for (unsigned first = 0; first < 256; first++) {
            for (size_t i = 0; i < size; i++)
                bytes[i] = (unsigned char)(first + i * 89);
            memset(text, '!', sizeof text);
            hex_encode(bytes, size, text);
            sodium_bin2hex(expected, sizeof expected, bytes, size);
            assert_string_equal(text, expected);
            assert_int_equal(text[2 * size + 1], '!');
            assert_true(hex_decode((struct text){text, 2 * size}, back, size));
            assert_memory_equal(back, bytes, size);
        }
}

static void only_lower_case_digits_are_read(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 4; at++) {
            char text[] = {'0', 'f', 'a', '9'};
            unsigned char bytes[2];
            text[at] = (char)byte;
            bool digit = byte != 0 && strchr("0123456789abcdef", byte);
            if (hex_decode((struct text){text, sizeof text}, bytes, sizeof bytes) != digit)
                fail_msg("byte %d at %zu is %s", byte, at, digit ? "refused" : "taken");
        }
}

static void only_as_many_digits_as_asked_for_are_read(void **state)
{
    (void)state;
    unsigned char bytes[2];
    static const char *const others[] = {"", "0", "00", "000", "00000", "0000 ", "000000"};
    assert_true(hex_decode(TEXT("1f0a"), bytes, 2));
    assert_int_equal(bytes[0], 0x1f);
    assert_int_equal(bytes[1], 0x0a);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (hex_decode(text_of(others[i]), bytes, 2))
            fail_msg("\"%s\" is taken", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_written_as_by_libsodium_and_read_back),
        cmocka_unit_test(only_lower_case_digits_are_read),
        cmocka_unit_test(only_as_many_digits_as_asked_for_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
