/* The bodies of check and redeem: what is taken, what is refused and which field is named. */
#include "support.h"

#include "core/json_memory.h"
#include "producer/token_body.h"

static void bodies_are_taken_or_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool with_email;
        enum status status;
        const char *field, *token, *email;
    } cases[] = {
        {"{\"token\":\"abc\"}", false, STATUS_OK, "", "abc", NULL},
        {"{\"token\":\"abc\"}", true, STATUS_OK, "", "abc", NULL},
        {"{\"token\":\"\"}", false, STATUS_OK, "", "", NULL},
        {"{\"email\":\"a@example.com\",\"token\":\"abc\"}", true, STATUS_OK, "", "abc", "a@example.com"},
        {"{\"email\":\"a@example.com\",\"token\":\"abc\"}", false, STATUS_INVALID, "/email", NULL, NULL},
        {"{\"token\":\"abc\",\"token\":\"def\"}", false, STATUS_INVALID, NULL, NULL, NULL},
        {"{\"token\":\"abc\",\"more\":1}", true, STATUS_INVALID, "/more", NULL, NULL},
        {"{\"token\":\"abc\",\"not a field\":1}", true, STATUS_INVALID, "", NULL, NULL},
        {"{\"token\":7}", false, STATUS_INVALID, "/token", NULL, NULL},
        {"{\"token\":null}", false, STATUS_INVALID, "/token", NULL, NULL},
        {"{\"token\":\"abc\",\"email\":{}}", true, STATUS_INVALID, "/email", NULL, NULL},
        {"{}", false, STATUS_INVALID, "/token", NULL, NULL},
        {"{\"email\":\"a@example.com\"}", true, STATUS_INVALID, "/token", NULL, NULL},
        {"", false, STATUS_INVALID, NULL, NULL, NULL},
        {"[]", false, STATUS_INVALID, NULL, NULL, NULL},
        {"{\"token\":\"a\\u0000b\"}", false, STATUS_INVALID, NULL, NULL, NULL},
        {"{\"token\":\"abc\"} ", false, STATUS_OK, "", "abc", NULL},
        {"{\"token\":\"abc\"}x", false, STATUS_INVALID, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct token_body body;
        struct error error = {0};
        enum status status = token_body_read(text_of(cases[i].json), cases[i].with_email, &body, &error);
        assert_int_equal(status, cases[i].status);
        if (cases[i].field)
            assert_string_equal(error.field, cases[i].field);
        if (status == STATUS_OK) {
            assert_true(text_equal(body.token, text_of(cases[i].token)));
            assert_true(text_equal(body.email, text_of(cases[i].email)));
        }
        token_body_clear(&body);
        assert_null(body.tree);
        token_body_clear(&body);
    }
}

static void a_token_beyond_any_link_is_named(void **state)
{
    (void)state;
    char json[700] = "{\"token\":\"";
    size_t size = strlen(json);
    memset(json + size, 'a', 513);
    memcpy(json + size + 513, "\"}", 3);
    struct token_body body;
    struct error error = {0};
    assert_int_equal(token_body_read(text_of(json), false, &body, &error), STATUS_INVALID);
    assert_string_equal(error.field, "/token");
    assert_null(strstr(error.text, "aaa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_taken_or_refused_by_name),
        cmocka_unit_test(a_token_beyond_any_link_is_named),
    };
    json_memory_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
