/* An API key is believed only whole, and the file never has it. */
#include "support.h"

#include <sodium.h>

#include "core/api_keys.h"
#include "credentials_vectors.h"

#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define FILE_TEXT                                                                                            \
    "# keys\n"                                                                                               \
    "web1 " VECTOR_SECRET_HASH " request:self,status acme login service of the shop\n"                       \
    "a0 " ZERO_HASH " redeem,revoke,notify * back office\n"

int __real_sodium_memcmp(const void *one, const void *other, size_t size);
int __wrap_sodium_memcmp(const void *one, const void *other, size_t size);

static unsigned comparisons;

int __wrap_sodium_memcmp(const void *one, const void *other, size_t size)
{
    comparisons++;
    assert_int_equal(size, API_KEY_HASH_SIZE);
    return __real_sodium_memcmp(one, other, size);
}

static struct api_keys *keys_of(const char *file)
{
    struct api_keys *keys;
    struct error error;
    assert_ok(api_keys_parse(text_of(file), "keys", &keys, &error), &error);
    return keys;
}

static void only_the_whole_key_opens(void **state)
{
    (void)state;
    static const struct {
        const char *credential, *id; /* NULL: refused */
    } cases[] = {
        {"rr_web1_" VECTOR_SECRET, "web1"},
        {"rr_web1_" VECTOR_SECRET "x", NULL},
        {"rr_web1_", NULL},
        {"rr_web1", NULL},
        {"rr_web_" VECTOR_SECRET, NULL},
        {"rr_a0_" VECTOR_SECRET, NULL},
        {"rr_WEB1_" VECTOR_SECRET, NULL},
        {"rr__" VECTOR_SECRET, NULL},
        {"RR_web1_" VECTOR_SECRET, NULL},
        {"web1_" VECTOR_SECRET, NULL},
        {"rr_unknown_" VECTOR_SECRET, NULL},
        {"rr_", NULL},
        {"", NULL},
        {"rr_web1_" VECTOR_SECRET VECTOR_SECRET VECTOR_SECRET, NULL},
    };
    struct api_keys *keys = keys_of(FILE_TEXT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct api_key *key = api_keys_authenticate(keys, text_of(cases[i].credential));
        if ((key != NULL) != (cases[i].id != NULL))
            fail_msg("%s should be %s", cases[i].credential, cases[i].id ? "accepted" : "refused");
        if (key)
            assert_true(text_equal(key->id, text_of(cases[i].id)));
    }
    assert_null(api_keys_authenticate(keys, (struct text){NULL, 0}));
    api_keys_free(&keys);
    assert_null(keys);
}

static void an_unknown_id_costs_the_same_comparison_as_a_known_one(void **state)
{
    (void)state;
    static const char *const credentials[] = {"rr_web1_" VECTOR_SECRET, "rr_a0_" VECTOR_SECRET,
                                              "rr_unknown_" VECTOR_SECRET, "rr_web1_x"};
    struct api_keys *keys = keys_of(FILE_TEXT);
    for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++) {
        comparisons = 0;
        (void)!api_keys_authenticate(keys, text_of(credentials[i]));
        if (comparisons != 1)
            fail_msg("%s: compared %u times instead of once", credentials[i], comparisons);
    }
    api_keys_free(&keys);
}

static void a_key_has_its_name_scopes_and_tenants(void **state)
{
    (void)state;
    struct api_keys *keys = keys_of(FILE_TEXT);
    assert_int_equal(api_keys_count(keys), 2);
    const struct api_key *office = api_keys_at(keys, 0), *web = api_keys_at(keys, 1);
    assert_true(text_equal(web->name, TEXT("login service of the shop")));
    assert_int_equal(web->grant.scopes, SCOPE_REQUEST_SELF | SCOPE_STATUS);
    assert_int_equal(office->grant.scopes, SCOPE_REDEEM | SCOPE_REVOKE | SCOPE_NOTIFY);
    assert_true(grant_has_tenant(&office->grant, TEXT("anybody")));
    assert_false(grant_has_tenant(&web->grant, TEXT("globex")));
    api_keys_free(&keys);
}

static void a_grant_is_printed_as_it_is_read(void **state)
{
    (void)state;
    char tenants[] = "a%2Cb,c%20d,100%25,**,x";
    const char expected[] =
        "request:self,request:temporary_password,redeem,request:bulk,assert:key a%2Cb,c%20d,100%25,**,x";
    struct grant grant;
    struct error error;
    struct buffer out;
    buffer_init(&out, 1024);
    assert_ok(grant_parse(TEXT("assert:key,redeem,request:self,request:temporary_password,request:bulk"),
                          tenants, sizeof tenants - 1, &grant, &error),
              &error);
    assert_true(grant_has_tenant(&grant, TEXT("a,b")));
    assert_true(grant_has_tenant(&grant, TEXT("**")));
    assert_false(grant_has_tenant(&grant, TEXT("*")));
    grant_print(&grant, &out);
    assert_int_equal(out.size, sizeof expected - 1);
    assert_memory_equal(out.bytes, expected, out.size);
    grant_clear(&grant);
    buffer_clear(&out);
}

static void a_wrong_file_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *file, *said;
    } cases[] = {
        {"A " ZERO_HASH " redeem * x", "line 1: a key's id is"},
        {"a-b " ZERO_HASH " redeem * x", "line 1: a key's id is"},
        {"a 1234 redeem * x", "line 1: the hash of the key a is not 64"},
        {"a " ZERO_HASH " redeem *", "line 1: a line is `id hash scopes tenants name`"},
        {"a " ZERO_HASH " redeem", "line 1: a line is"},
        {"a " ZERO_HASH " redeem,admin * x", "line 1: \"admin\" is no scope"},
        {"# x\na " ZERO_HASH " redeem * x\na " ZERO_HASH " redeem * y",
         "line 3: the key id a stands in the file twice"},
        {"a " ZERO_HASH " redeem * b\x1b[1m", "line 1: a line is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct api_keys *keys;
        struct error error = {0};
        assert_int_equal(api_keys_parse(text_of(cases[i].file), "keys", &keys, &error), STATUS_CONFIG);
        if (!strstr(error.text, cases[i].said))
            fail_msg("expected \"%s\", got \"%s\"", cases[i].said, error.text);
    }
}

static void every_scope_has_one_name(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 1u << SCOPE_COUNT; bit <<= 1) {
        enum scope scope;
        assert_non_null(scope_name((enum scope)bit));
        assert_true(scope_of_name(text_of(scope_name((enum scope)bit)), &scope));
        assert_int_equal(scope, bit);
        assert_non_null(strstr(grant_scope_names(), scope_name((enum scope)bit)));
    }
    assert_string_equal(scope_name((enum scope)(1u << SCOPE_COUNT)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_whole_key_opens),
        cmocka_unit_test(an_unknown_id_costs_the_same_comparison_as_a_known_one),
        cmocka_unit_test(a_key_has_its_name_scopes_and_tenants),
        cmocka_unit_test(a_grant_is_printed_as_it_is_read),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_line),
        cmocka_unit_test(every_scope_has_one_name),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
