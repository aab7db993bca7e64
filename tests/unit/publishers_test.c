/* Who may write events: the signature header and the file of publishers. */
#include "support.h"

#include "core/publishers.h"
#include "credentials_vectors.h"

#define SECRET_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FILE_TEXT                                                                                            \
    "# publishers\n"                                                                                         \
    "web " VECTOR_SECRET " request:self,request:admin acme,glo%2Cbex\n"                                      \
    "batch.2 " SECRET_B " request:self *\n"

static struct publishers *publishers_of(const char *file)
{
    struct publishers *publishers;
    struct error error;
    assert_ok(publishers_parse(text_of(file), "publishers", &publishers, &error), &error);
    return publishers;
}

static void a_signature_is_what_hashlib_says(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *header;
    } cases[] = {
        {VECTOR_SECRET, "v1;web;" VECTOR_SIGNATURE},
        {VECTOR_LONG_SECRET, "v1;web;" VECTOR_LONG_SIGNATURE}, /* a key longer than SHA-256's block */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signature_key key;
        struct buffer header;
        buffer_init(&header, 256);
        signature_key_init(&key, text_of(cases[i].secret));
        for (int twice = 0; twice < 2; twice++) {
            buffer_reset(&header);
            signature_make(&key, TEXT("web"), TEXT(VECTOR_VALUE), &header);
            assert_int_equal(header.size, strlen(cases[i].header));
            assert_memory_equal(header.bytes, cases[i].header, header.size);
        }
        buffer_clear(&header);
        signature_key_clear(&key);
    }
}

static void a_record_is_believed_only_with_its_publisher_s_signature(void **state)
{
    (void)state;
    static const struct {
        const char *header, *value;
        enum status status;
    } cases[] = {
        {"v1;web;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_OK},
        {"v1;web;" VECTOR_SIGNATURE, VECTOR_VALUE " ", STATUS_DENIED},
        {"v1;batch.2;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_DENIED},
        {"v1;nobody;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_DENIED},
        {"v1;WEB;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_DENIED},
        {"v2;web;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_INVALID},
        {"v1;web;" VECTOR_SIGNATURE "00", VECTOR_VALUE, STATUS_INVALID},
        {"v1;web;" VECTOR_SIGNATURE "\n", VECTOR_VALUE, STATUS_INVALID},
        {"v1;web;ABCDEF", VECTOR_VALUE, STATUS_INVALID},
        {"v1;web;", VECTOR_VALUE, STATUS_INVALID},
        {"v1;web", VECTOR_VALUE, STATUS_INVALID},
        {"v1;;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_INVALID},
        {"v1;a b;" VECTOR_SIGNATURE, VECTOR_VALUE, STATUS_INVALID},
        {"v1;", VECTOR_VALUE, STATUS_INVALID},
        {"v1", VECTOR_VALUE, STATUS_INVALID},
        {"", VECTOR_VALUE, STATUS_INVALID},
    };
    struct publishers *publishers = publishers_of(FILE_TEXT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct publisher *publisher;
        struct error error;
        enum status status = publishers_verify(publishers, text_of(cases[i].header), text_of(cases[i].value),
                                               &publisher, &error);
        if (status != cases[i].status)
            fail_msg("%s: expected %s, got %s", cases[i].header, status_name(cases[i].status),
                     status_name(status));
        assert_int_equal(publisher != NULL, status == STATUS_OK);
    }
    const struct publisher *nobody;
    assert_int_equal(publishers_verify(publishers, (struct text){NULL, 0}, TEXT(""), &nobody, NULL),
                     STATUS_INVALID);
    publishers_free(&publishers);
}

static void upper_case_hex_is_another_spelling_and_refused(void **state)
{
    (void)state;
    char header[] = "v1;web;" VECTOR_SIGNATURE;
    struct signature signature;
    for (char *at = header + 7; *at; at++)
        if (*at >= 'a')
            *at = (char)(*at - 32);
    assert_int_equal(signature_parse(text_of(header), &signature, NULL), STATUS_INVALID);
}

static void a_publisher_has_its_scopes_and_tenants(void **state)
{
    (void)state;
    struct publishers *publishers = publishers_of(FILE_TEXT);
    const struct publisher *web = publishers_find(publishers, TEXT("web"));
    const struct publisher *batch = publishers_find(publishers, TEXT("batch.2"));
    assert_non_null(web);
    assert_non_null(batch);
    assert_null(publishers_find(publishers, TEXT("we")));
    assert_null(publishers_find(publishers, TEXT("")));
    assert_ptr_equal(publishers_at(publishers, 0), batch);
    assert_true(grant_has_scope(&web->grant, SCOPE_REQUEST_ADMIN));
    assert_false(grant_has_scope(&batch->grant, SCOPE_REQUEST_ADMIN));
    assert_true(grant_has_tenant(&web->grant, TEXT("glo,bex")));
    assert_false(grant_has_tenant(&web->grant, TEXT("ACME")));
    assert_true(grant_has_tenant(&batch->grant, TEXT("anybody")));
    publishers_free(&publishers);
    assert_null(publishers);
}

static void a_wrong_file_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *file, *said;
    } cases[] = {
        {"a b " SECRET_B, "line 1: the secret of a is not 32 to 128"},
        {"a " SECRET_B " request:self", "line 1: a line is"},
        {"a " SECRET_B " request:self * more", "line 1: a line is"},
        {"\na " SECRET_B " request:all *", "line 2: \"request:all\" is no scope"},
        {"a " SECRET_B " request:self,, *", "\"\" is no scope"},
        {"a " SECRET_B " request:self x,", "tenant 2 of the list"},
        {"a " SECRET_B " request:self x,*", "tenant 2 of the list"},
        {"a " SECRET_B " request:self %2A", "tenant 1 of the list"},
        {"a " SECRET_B " request:self x%2", "tenant 1 of the list"},
        {"a " SECRET_B " request:self x%2c", "tenant 1 of the list"},
        {"a " SECRET_B " request:self x%00", "tenant 1 of the list"},
        {"b;c " SECRET_B " request:self *", "line 1: a publisher's name"},
        {"a " SECRET_B " redeem *\n\nb " SECRET_B " redeem *\na " SECRET_B " redeem *",
         "line 4: the publisher a stands"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct publishers *publishers;
        struct error error = {0};
        assert_int_equal(publishers_parse(text_of(cases[i].file), "publishers", &publishers, &error),
                         STATUS_CONFIG);
        if (!strstr(error.text, cases[i].said) || strstr(error.text, SECRET_B))
            fail_msg("expected \"%s\" without the secret, got \"%s\"", cases[i].said, error.text);
    }
}

static void an_empty_file_knows_nobody(void **state)
{
    (void)state;
    struct publishers *publishers = publishers_of("");
    assert_int_equal(publishers_count(publishers), 0);
    assert_null(publishers_find(publishers, TEXT("web")));
    publishers_free(&publishers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_what_hashlib_says),
        cmocka_unit_test(a_record_is_believed_only_with_its_publisher_s_signature),
        cmocka_unit_test(upper_case_hex_is_another_spelling_and_refused),
        cmocka_unit_test(a_publisher_has_its_scopes_and_tenants),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_line),
        cmocka_unit_test(an_empty_file_knows_nobody),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
