/* UUIDs as RFC 9562 lays them out, in one spelling only. */
#include "support.h"

#include "core/uuid.h"
#include "credentials_vectors.h"

static void version_7_is_the_rfc_s_example(void **state)
{
    (void)state;
    /* RFC 9562, appendix A.6 */
    static const unsigned char random[UUID_V7_RANDOM] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc,
                                                         0x0c, 0x0c, 0x07, 0x39, 0x8f};
    char text[UUID_LENGTH + 1];
    struct uuid uuid = uuid_v7(INT64_C(0x017F22E279B0), random);
    uuid_print(&uuid, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void an_idempotency_key_always_names_the_same_request(void **state)
{
    (void)state;
    char text[UUID_LENGTH + 1];
    struct uuid uuid = uuid_of_idempotency_key(TEXT("k1"), TEXT("form-8f2e"));
    uuid_print(&uuid, text);
    assert_string_equal(text, VECTOR_IDEMPOTENT_ID);
    struct uuid other = uuid_of_idempotency_key(TEXT("k1f"), TEXT("orm-8f2e"));
    assert_memory_not_equal(uuid.bytes, other.bytes, UUID_SIZE);
}

static void only_the_canonical_spelling_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool uuid;
    } cases[] = {
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true},
        {"00000000-0000-0000-0000-000000000000", true},
        {"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", false},
        {"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", false},
        {"017f22e279b07cc398c4dc0c0c07398f", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", false},
        {"017f22e2-79b0-7cc3-98c4ddc0c0c07398f", false},
        {"017f22e-279b0-7cc3-98c4-dc0c0c07398f", false},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct uuid uuid;
        char text[UUID_LENGTH + 1];
        if (uuid_parse(text_of(cases[i].text), &uuid) != cases[i].uuid)
            fail_msg("\"%s\" should %sbe read", cases[i].text, cases[i].uuid ? "" : "not ");
        if (!cases[i].uuid)
            continue;
        uuid_print(&uuid, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void another_s_spelling_becomes_the_canonical_one(void **state)
{
    (void)state;
    char id[UUID_LENGTH + 1];
    assert_true(uuid_read(TEXT("017F22E2-79b0-7CC3-98C4-dC0C0C07398F"), id));
    assert_string_equal(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_false(uuid_read(TEXT("017F22E2-79b0-7CC3-98C4-dC0C0C07398"), id));
    assert_false(uuid_read(TEXT("017F22E2-79b0-7CC3-98C4-dC0C0C07398G"), id));
    assert_false(uuid_read(TEXT(""), id));
}

static void what_follows_from_an_event_has_an_id_by_its_word(void **state)
{
    (void)state;
    const struct text id = TEXT("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    struct uuid first = uuid_derived(id, TEXT("previous")), again = uuid_derived(id, TEXT("previous"));
    struct uuid other = uuid_derived(id, TEXT("next"));
    char text[UUID_LENGTH + 1];
    assert_memory_equal(first.bytes, again.bytes, UUID_SIZE);
    assert_memory_not_equal(first.bytes, other.bytes, UUID_SIZE);
    uuid_print(&first, text);
    assert_int_equal(text[14], '8');
    assert_string_not_equal(text, id.bytes);
}

static void only_version_7_tells_its_time(void **state)
{
    (void)state;
    struct uuid uuid;
    int64_t time_ms = 1;
    assert_true(uuid_parse(TEXT("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &uuid));
    assert_true(uuid_v7_time(&uuid, &time_ms));
    assert_int_equal(time_ms, 1645557742000); /* RFC 9562, A.6 */
    assert_true(uuid_parse(TEXT("017f22e2-79b0-8cc3-98c4-dc0c0c07398f"), &uuid));
    assert_false(uuid_v7_time(&uuid, &time_ms));
    assert_int_equal(time_ms, 1645557742000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_7_is_the_rfc_s_example),
        cmocka_unit_test(an_idempotency_key_always_names_the_same_request),
        cmocka_unit_test(only_the_canonical_spelling_is_read),
        cmocka_unit_test(another_s_spelling_becomes_the_canonical_one),
        cmocka_unit_test(only_version_7_tells_its_time),
        cmocka_unit_test(what_follows_from_an_event_has_an_id_by_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
