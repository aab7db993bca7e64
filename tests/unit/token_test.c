/* Known answers of every value that is derived beside a token, computed by Python's hashlib
 * (credentials_vectors.py). */
#include "support.h"

#include <sodium.h>

#include "core/keyring.h"
#include "core/token.h"
#include "credentials_vectors.h"

#define KEYS "t1 " VECTOR_MASTER "\nr1 " VECTOR_RECORD_MASTER "\n"

static struct keyring *keys;
static const struct keyring_key *token_key, *record_key;

static int set_up(void **state)
{
    struct error error;
    (void)state;
    if (sodium_init() < 0 || keyring_parse(TEXT(KEYS), "keys", &keys, &error) != STATUS_OK)
        return -1;
    token_key = keyring_find(keys, TEXT("t1"));
    record_key = keyring_find(keys, TEXT("r1"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keyring_free(&keys);
    return 0;
}

static void assert_hex(const unsigned char *bytes, size_t size, const char *expected)
{
    char hex[129];
    sodium_bin2hex(hex, sizeof hex, bytes, size);
    assert_string_equal(hex, expected);
}

static struct token_claims claims(const unsigned char *recipient)
{
    return (struct token_claims){TEXT(VECTOR_STORED), TEXT(VECTOR_TENANT),  TEXT(VECTOR_USER),
                                 TEXT(VECTOR_METHOD), TEXT(VECTOR_REQUEST), recipient,
                                 VECTOR_EXPIRES,      VECTOR_MADE};
}

static void every_value_is_what_hashlib_says(void **state)
{
    (void)state;
    char slot[TOKEN_SLOT_LENGTH + 1], token[TOKEN_LENGTH + 1], stored[TOKEN_STORED_LENGTH + 1];
    unsigned char seed[TOKEN_SEED_SIZE], recipient[TOKEN_RECIPIENT_SIZE], mailbox[TOKEN_MAILBOX_SIZE],
        mac[TOKEN_MAC_SIZE];
    sodium_hex2bin(seed, sizeof seed, VECTOR_SEED, sizeof VECTOR_SEED - 1, NULL, NULL, NULL);

    token_slot(TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), slot);
    assert_string_equal(slot, VECTOR_SLOT);
    token_derive(token_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), TEXT(VECTOR_REQUEST), seed, token);
    assert_string_equal(token, VECTOR_TOKEN);
    token_stored(text_of(token), stored);
    assert_string_equal(stored, VECTOR_STORED);
    token_recipient(record_key, TEXT(VECTOR_TENANT), TEXT(VECTOR_USER), TEXT(VECTOR_EMAIL), recipient);
    assert_hex(recipient, sizeof recipient, VECTOR_RECIPIENT);
    token_mailbox(record_key, TEXT(VECTOR_EMAIL), mailbox);
    assert_hex(mailbox, sizeof mailbox, VECTOR_MAILBOX);
    struct token_claims said = claims(recipient);
    token_mac(record_key, &said, mac);
    assert_hex(mac, sizeof mac, VECTOR_MAC);
}

static void names_that_join_to_the_same_text_stay_apart(void **state)
{
    (void)state;
    char one[TOKEN_SLOT_LENGTH + 1], other[TOKEN_SLOT_LENGTH + 1];
    token_slot(TEXT("acme"), TEXT("1u"), one);
    token_slot(TEXT("acme1"), TEXT("u"), other);
    assert_string_not_equal(one, other);
}

static void a_changed_field_breaks_the_mac(void **state)
{
    (void)state;
    static const char *const fields[] = {"stored",     "tenant",    "user_id",    "method",
                                         "request_id", "recipient", "expires_at", "made_at"};
    unsigned char recipient[TOKEN_RECIPIENT_SIZE] = {1}, other[TOKEN_RECIPIENT_SIZE] = {2},
                  mac[TOKEN_MAC_SIZE];
    struct token_claims said = claims(recipient);
    token_mac(record_key, &said, mac);
    assert_true(token_mac_verify(record_key, &said, mac));
    assert_false(token_mac_verify(token_key, &said, mac));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct token_claims changed = claims(recipient);
        struct text *texts[] = {&changed.stored, &changed.tenant, &changed.user_id, &changed.method,
                                &changed.request_id};
        if (i < 5)
            texts[i]->size--;
        else if (i == 5)
            changed.recipient = other;
        else if (i == 6)
            changed.expires_at++;
        else
            changed.made_at++;
        if (token_mac_verify(record_key, &changed, mac))
            fail_msg("a mac over another %s was accepted", fields[i]);
    }
    mac[TOKEN_MAC_SIZE - 1] ^= 1;
    assert_false(token_mac_verify(record_key, &said, mac));
}

static void only_one_spelling_is_a_token(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool token;
    } cases[] = {
        {VECTOR_TOKEN, true},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", false}, /* bits beyond the 32 bytes */
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+AAAAAA", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAA", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (token_is_text(text_of(cases[i].text)) != cases[i].token)
            fail_msg("\"%s\" should %sbe a token", cases[i].text, cases[i].token ? "" : "not ");
    assert_false(token_is_text((struct text){"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0AAAAAAAAA", TOKEN_LENGTH}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_what_hashlib_says),
        cmocka_unit_test(names_that_join_to_the_same_text_stay_apart),
        cmocka_unit_test(a_changed_field_breaks_the_mac),
        cmocka_unit_test(only_one_spelling_is_a_token),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
