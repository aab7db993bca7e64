/* A key file is read whole or refused with the line at fault, and never says a key aloud. */
#include "support.h"

#include <sodium.h>

#include "core/keyring.h"
#include "credentials_vectors.h"

#define HEX_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define HEX_B "00000000000000000000000000000000000000000000000000000000000000bb"

static void the_first_key_is_current_and_all_are_found(void **state)
{
    (void)state;
    struct keyring *keys;
    struct error error;
    assert_ok(keyring_parse(TEXT("# keys of a worker\r\n\n  new\t" HEX_A "\r\nold-1 " VECTOR_RECORD_MASTER),
                            "keys", &keys, &error),
              &error);
    assert_int_equal(keyring_count(keys), 2);
    assert_string_equal(keyring_current(keys)->kid, "new");
    assert_int_equal(keyring_current(keys)->master[31], 0xAA);
    assert_ptr_equal(keyring_find(keys, TEXT("old-1")), keyring_at(keys, 1));
    assert_null(keyring_find(keys, TEXT("old")));
    assert_null(keyring_find(keys, TEXT("")));
    keyring_free(&keys);
    assert_null(keys);
    keyring_free(&keys);
}

static void record_recipient_and_password_keys_come_from_the_file_s_key(void **state)
{
    (void)state;
    struct keyring *keys;
    struct error error;
    char hex[65];
    assert_ok(keyring_parse(TEXT("r1 " VECTOR_RECORD_MASTER "\n"), "keys", &keys, &error), &error);
    sodium_bin2hex(hex, sizeof hex, keyring_current(keys)->record, 32);
    assert_string_equal(hex, VECTOR_K_RECORD);
    sodium_bin2hex(hex, sizeof hex, keyring_current(keys)->recipient, 32);
    assert_string_equal(hex, VECTOR_K_RECIPIENT);
    sodium_bin2hex(hex, sizeof hex, keyring_current(keys)->password, 32);
    assert_string_equal(hex, VECTOR_K_PASSWORD);
    keyring_free(&keys);
}

static void a_wrong_file_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *file, *said;
    } cases[] = {
        {"", "keys has no key"},
        {"# nothing\n\n", "keys has no key"},
        {"k1 " HEX_A "\n\nk1 " HEX_B, "keys line 3: the key id k1 stands in the file twice"},
        {"k1 " HEX_A "\nk2 " HEX_A, "keys line 2: the key k2 is the same as k1"},
        {"k1 abcd", "keys line 1: after the key's id stand 64 hex digits and nothing else, this has 4"},
        {"k1", "keys line 1: after the key's id stand 64"},
        {"k1 " HEX_A "00", "this has 66"},
        {"k1 " HEX_A " x", "keys line 1: after the key's id"},
        {"k1 0000000000000000000000000000000000000000000000000000000000000g00",
         "keys line 1: the key has a character"},
        {"k/1 " HEX_A, "keys line 1: a key's id is"},
        {"abcdefghijklmnopq " HEX_A, "keys line 1: a key's id is"},
        {HEX_A, "keys line 1: a key's id is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct keyring *keys;
        struct error error = {0};
        assert_int_equal(keyring_parse(text_of(cases[i].file), "keys", &keys, &error), STATUS_CONFIG);
        assert_null(keys);
        if (!strstr(error.text, cases[i].said))
            fail_msg("expected \"%s\", got \"%s\"", cases[i].said, error.text);
        assert_null(strstr(error.text, "00000000"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_key_is_current_and_all_are_found),
        cmocka_unit_test(record_recipient_and_password_keys_come_from_the_file_s_key),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_line),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
