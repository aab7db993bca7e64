/* Known answers of temporary passwords and what is derived beside them, computed by Python's hashlib and, for
 * Argon2id, by the reference implementation (credentials_vectors.py). */
#include "support.h"

#include <sodium.h>

#include "core/keyring.h"
#include "core/temporary_password.h"
#include "credentials_vectors.h"

#define KEYS      "t1 " VECTOR_MASTER "\nr1 " VECTOR_RECORD_MASTER "\n"
#define CANONICAL TEXT("2222333344445555666677aa")

static struct keyring *keys;
static const struct keyring_key *token_key, *record_key;
static unsigned char seed[TOKEN_SEED_SIZE], inc[TEMPORARY_PASSWORD_INC_SIZE],
    salt[TEMPORARY_PASSWORD_SALT_SIZE], stretched[TEMPORARY_PASSWORD_STRETCHED_SIZE];

static void unhex(unsigned char *bytes, size_t size, const char *hex)
{
    size_t read = 0;
    assert_int_equal(sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &read, NULL), 0);
    assert_int_equal(read, size);
}

static void assert_hex(const unsigned char *bytes, size_t size, const char *expected)
{
    char hex[129];
    sodium_bin2hex(hex, sizeof hex, bytes, size);
    assert_string_equal(hex, expected);
}

static int set_up(void **state)
{
    struct error error;
    (void)state;
    if (sodium_init() < 0 || keyring_parse(TEXT(KEYS), "keys", &keys, &error) != STATUS_OK)
        return -1;
    token_key = keyring_find(keys, TEXT("t1"));
    record_key = keyring_find(keys, TEXT("r1"));
    unhex(seed, sizeof seed, VECTOR_SEED);
    unhex(inc, sizeof inc, VECTOR_INC);
    unhex(salt, sizeof salt, VECTOR_SALT);
    unhex(stretched, sizeof stretched, VECTOR_STRETCHED);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keyring_free(&keys);
    return 0;
}

static void a_mailed_password_comes_from_its_seed(void **state)
{
    (void)state;
    char shown[TEMPORARY_PASSWORD_LENGTH + 1], other[TEMPORARY_PASSWORD_LENGTH + 1];
    temporary_password_derive(token_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), TEXT(VECTOR_REQUEST), seed,
                              shown);
    assert_string_equal(shown, VECTOR_PASSWORD);
    temporary_password_derive(token_key, TEXT(VECTOR_TENANT), TEXT("u-1"), TEXT(VECTOR_REQUEST), seed, other);
    assert_string_not_equal(shown, other);
    temporary_password_derive(record_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), TEXT(VECTOR_REQUEST), seed,
                              other);
    assert_string_not_equal(shown, other);
}

static void a_handed_password_comes_from_random_bytes_evenly(void **state)
{
    (void)state;
    unsigned char random[TEMPORARY_PASSWORD_RANDOM_SIZE] = {0};
    char shown[TEMPORARY_PASSWORD_LENGTH + 1];
    for (size_t i = 0; i < 56; i++)
        random[i] = (unsigned char)(200 + i); /* 248 and above are passed over */
    temporary_password_make(random, shown);
    assert_string_equal(shown, VECTOR_PASSWORD_OF_COUNTED_BYTES);
    memset(random, 0xFF, sizeof random); /* none of them will do: hashed on */
    temporary_password_make(random, shown);
    assert_string_equal(shown, VECTOR_PASSWORD_OF_ONES);
    assert_int_equal(random[0], 0xFF);
}

static void case_spaces_and_hyphens_do_not_matter_and_nothing_else_is_forgiven(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        bool fits;
    } cases[] = {
        {"2222-3333-4444-5555-6666-77aa", true},
        {"2222333344445555666677AA", true},
        {"  2222 3333-4444 -5555 6666 7 7 a a- ", true},
        {"2222-3333-4444-5555-6666-77a", false},
        {"2222-3333-4444-5555-6666-77aaa", false},
        {"2222-3333-4444-5555-6666-77a1", false}, /* look-alikes are not in the alphabet */
        {"2222-3333-4444-5555-6666-77a0", false},
        {"2222-3333-4444-5555-6666-77aI", false},
        {"2222-3333-4444-5555-6666-77aO", false},
        {"2222-3333-4444-5555-6666-77al", false},
        {"2222\t3333-4444-5555-6666-77aa", false},
        {"2222_3333-4444-5555-6666-77aa", false},
        {"2222-3333-4444-5555-6666-77a\xC3\xA4", false},
        {"2222\xE2\x80\x93"
         "3333-4444-5555-6666-77aa",
         false}, /* an en dash */
        {"", false},
        {"------------------------", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1];
        memset(canonical, 'x', sizeof canonical);
        if (temporary_password_canonical(text_of(cases[i].typed), canonical) != cases[i].fits)
            fail_msg("\"%s\" should %sfit", cases[i].typed, cases[i].fits ? "" : "not ");
        assert_string_equal(canonical, cases[i].fits ? "2222333344445555666677aa" : "");
    }
    char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1];
    assert_false(temporary_password_canonical(TEXT("2222333344445555666677a\0"), canonical));
}

static void every_value_is_what_hashlib_says(void **state)
{
    (void)state;
    unsigned char bytes[32];
    struct error error;
    assert_ok(temporary_password_stretch(TEXT(VECTOR_CHOSEN), salt, bytes, &error), &error);
    assert_hex(bytes, sizeof bytes, VECTOR_STRETCHED);
    temporary_password_verifier_generated(record_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER),
                                          TEXT(VECTOR_CANONICAL), bytes);
    assert_hex(bytes, sizeof bytes, VECTOR_VERIFIER);
    temporary_password_verifier_chosen(record_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), stretched, bytes);
    assert_hex(bytes, sizeof bytes, VECTOR_CHOSEN_VERIFIER);
}

static void a_try_is_weighed_by_the_method_that_made_the_password(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        const char *verifier, *canonical, *user;
        bool stretched, matches;
    } cases[] = {
        {METHOD_TEMPORARY_PASSWORD_MAILED, VECTOR_VERIFIER, VECTOR_CANONICAL, VECTOR_USER, false, true},
        {METHOD_TEMPORARY_PASSWORD_HANDED, VECTOR_VERIFIER, VECTOR_CANONICAL, VECTOR_USER, true, true},
        {METHOD_TEMPORARY_PASSWORD_HANDED, VECTOR_VERIFIER, "", VECTOR_USER, true, false},
        {METHOD_TEMPORARY_PASSWORD_HANDED, VECTOR_VERIFIER, "2222333344445555666677aa", VECTOR_USER, true,
         false},
        {METHOD_TEMPORARY_PASSWORD_HANDED, VECTOR_VERIFIER, VECTOR_CANONICAL, "u-18", true, false},
        {METHOD_TEMPORARY_PASSWORD_HANDED, VECTOR_CHOSEN_VERIFIER, VECTOR_CANONICAL, VECTOR_USER, true,
         false},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, VECTOR_CHOSEN_VERIFIER, "", VECTOR_USER, true, true},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, VECTOR_CHOSEN_VERIFIER, VECTOR_CANONICAL, VECTOR_USER, false,
         false},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, VECTOR_CHOSEN_VERIFIER, "", "u-18", true, false},
        {METHOD_TEMPORARY_PASSWORD_CHOSEN, VECTOR_VERIFIER, VECTOR_CANONICAL, VECTOR_USER, true, false},
    };
    static const unsigned char other[TEMPORARY_PASSWORD_STRETCHED_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE];
        unhex(verifier, sizeof verifier, cases[i].verifier);
        bool matches = temporary_password_matches(record_key, TEXT(VECTOR_TENANT), text_of(cases[i].user),
                                                  cases[i].method, text_of(cases[i].canonical),
                                                  cases[i].stretched ? stretched : other, verifier);
        if (matches != cases[i].matches)
            fail_msg("case %zu should %smatch", i, cases[i].matches ? "" : "not ");
    }
}

static struct temporary_password_claims claims(const unsigned char *verifier)
{
    return (struct temporary_password_claims){.tenant = TEXT(VECTOR_TENANT),
                                              .user_id = TEXT(VECTOR_USER),
                                              .request_id = TEXT(VECTOR_REQUEST),
                                              .inc = inc,
                                              .made_ms = VECTOR_MADE,
                                              .expires_ms = VECTOR_EXPIRES,
                                              .opened = true,
                                              .method = METHOD_TEMPORARY_PASSWORD_CHOSEN,
                                              .salt = salt,
                                              .verifier = verifier};
}

static struct staged_password_claims staged_claims(const unsigned char *none, const unsigned char *verifier)
{
    return (struct staged_password_claims){.tenant = TEXT(VECTOR_TENANT),
                                           .user_id = TEXT(VECTOR_USER),
                                           .request_id = TEXT(VECTOR_REQUEST),
                                           .made_ms = VECTOR_MADE,
                                           .method = METHOD_TEMPORARY_PASSWORD_HANDED,
                                           .salt = none,
                                           .verifier = verifier};
}

static void a_changed_field_breaks_the_seal_of_a_password(void **state)
{
    (void)state;
    unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE], mac[TEMPORARY_PASSWORD_MAC_SIZE];
    static const unsigned char other[TEMPORARY_PASSWORD_VERIFIER_SIZE];
    unhex(verifier, sizeof verifier, VECTOR_CHOSEN_VERIFIER);
    struct temporary_password_claims said = claims(verifier);
    temporary_password_mac(record_key, &said, mac);
    assert_hex(mac, sizeof mac, VECTOR_PASSWORD_MAC);
    assert_true(temporary_password_mac_verify(record_key, &said, mac));
    assert_false(temporary_password_mac_verify(token_key, &said, mac));
    for (unsigned i = 0; i < 10; i++) {
        struct temporary_password_claims changed = said;
        struct text *texts[] = {&changed.tenant, &changed.user_id, &changed.request_id};
        const unsigned char **bytes[] = {&changed.inc, &changed.salt, &changed.verifier};
        if (i < 3)
            texts[i]->size--;
        else if (i < 6)
            *bytes[i - 3] = other;
        else if (i < 8)
            *(i == 6 ? &changed.made_ms : &changed.expires_ms) += 1;
        else if (i == 8)
            changed.opened = false;
        else
            changed.method = METHOD_TEMPORARY_PASSWORD_HANDED;
        if (temporary_password_mac_verify(record_key, &changed, mac))
            fail_msg("a seal over another field (%u) was accepted", i);
    }
    mac[TEMPORARY_PASSWORD_MAC_SIZE - 1] ^= 1;
    assert_false(temporary_password_mac_verify(record_key, &said, mac));
}

static void a_changed_field_breaks_the_seal_of_a_staged_password(void **state)
{
    (void)state;
    unsigned char verifier[TEMPORARY_PASSWORD_VERIFIER_SIZE], mac[TEMPORARY_PASSWORD_MAC_SIZE];
    static const unsigned char none[TEMPORARY_PASSWORD_VERIFIER_SIZE];
    unhex(verifier, sizeof verifier, VECTOR_VERIFIER);
    struct staged_password_claims said = staged_claims(none, verifier);
    staged_password_mac(record_key, &said, mac);
    assert_hex(mac, sizeof mac, VECTOR_STAGED_MAC);
    assert_true(staged_password_mac_verify(record_key, &said, mac));
    assert_false(staged_password_mac_verify(token_key, &said, mac));
    for (unsigned i = 0; i < 7; i++) {
        struct staged_password_claims changed = said;
        struct text *texts[] = {&changed.tenant, &changed.user_id, &changed.request_id};
        if (i < 3)
            texts[i]->size--;
        else if (i == 3)
            changed.made_ms++;
        else if (i == 4)
            changed.method = METHOD_TEMPORARY_PASSWORD_CHOSEN;
        else
            *(i == 5 ? &changed.salt : &changed.verifier) = i == 5 ? salt : none;
        if (staged_password_mac_verify(record_key, &changed, mac))
            fail_msg("a seal over another field (%u) was accepted", i);
    }
    mac[0] ^= 1;
    assert_false(staged_password_mac_verify(record_key, &said, mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mailed_password_comes_from_its_seed),
        cmocka_unit_test(a_handed_password_comes_from_random_bytes_evenly),
        cmocka_unit_test(case_spaces_and_hyphens_do_not_matter_and_nothing_else_is_forgiven),
        cmocka_unit_test(every_value_is_what_hashlib_says),
        cmocka_unit_test(a_try_is_weighed_by_the_method_that_made_the_password),
        cmocka_unit_test(a_changed_field_breaks_the_seal_of_a_password),
        cmocka_unit_test(a_changed_field_breaks_the_seal_of_a_staged_password),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
