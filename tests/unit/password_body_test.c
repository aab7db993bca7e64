/* The body of verify: what is weighed, what is refused before it costs a try, and that the password is gone
 * when it is forgotten. */
#include "support.h"

#include "core/json_memory.h"
#include "producer/password_body.h"

#define USER "\"tenant\":\"acme\",\"user_id\":\"u-17\""

static void bodies_are_taken_or_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field, *password; /* field NULL: some fault of the JSON itself */
    } cases[] = {
        {"{" USER ",\"password\":\"2222-3333\"}", "", "2222-3333"},
        {"{\"password\":\"x\"," USER "}", "", "x"},
        {"{" USER ",\"password\":\" a\\tb\\u202e \"}", "", " a\tb\xE2\x80\xAE "}, /* wrong, but no fault */
        {"{" USER ",\"password\":\"\xF0\x9F\x94\x91\"}", "", "\xF0\x9F\x94\x91"},
        {"{" USER ",\"password\":\"\"}", "/password", NULL},
        {"{" USER ",\"password\":null}", "/password", NULL},
        {"{" USER ",\"password\":7}", "/password", NULL},
        {"{" USER ",\"password\":[\"x\"]}", "/password", NULL},
        {"{" USER "}", "/password", NULL},
        {"{" USER ",\"password\":\"a\\u0000b\"}", NULL, NULL},
        {"{" USER ",\"password\":\"a\xFF\"}", NULL, NULL},
        {"{" USER ",\"password\":\"x\",\"password\":\"y\"}", NULL, NULL},
        {"{" USER ",\"password\":\"x\",\"email\":\"a@example.com\"}", "/email", NULL},
        {"{\"tenant\":\"acme\",\"password\":\"x\"}", "/user_id", NULL},
        {"{\"tenant\":\"acme\",\"user_id\":\"\",\"password\":\"x\"}", "/user_id", NULL},
        {"{\"tenant\":\"acme\",\"user_id\":\"a\\nb\",\"password\":\"x\"}", "/user_id", NULL},
        {"{\"user_id\":\"u-17\",\"password\":\"x\"}", "/tenant", NULL},
        {"{\"tenant\":\"a/b\",\"user_id\":\"u-17\",\"password\":\"x\"}", "/tenant", NULL},
        {"{\"tenant\":null,\"user_id\":\"u-17\",\"password\":\"x\"}", "/tenant", NULL},
        {"{}", "/tenant", NULL},
        {"", NULL, NULL},
        {"[]", NULL, NULL},
        {"\"x\"", NULL, NULL},
        {"{" USER ",\"password\":\"x\"}x", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct password_body body;
        struct error error = {0};
        enum status status = password_body_read(text_of(cases[i].json), &body, &error);
        if (status != (cases[i].password ? STATUS_OK : STATUS_INVALID))
            fail_msg("%s is %s", cases[i].json, status_name(status));
        if (cases[i].field)
            assert_string_equal(error.field, cases[i].field);
        if (status == STATUS_OK)
            assert_true(text_equal(body.password, text_of(cases[i].password)));
        password_body_clear(&body);
        assert_null(body.tree);
        password_body_clear(&body);
    }
}

static void a_password_of_a_kibibyte_is_weighed_and_a_longer_one_is_not(void **state)
{
    (void)state;
    for (size_t size = PASSWORD_BODY_MOST; size <= PASSWORD_BODY_MOST + 1; size++) {
        char json[PASSWORD_BODY_MOST + 128] = "{" USER ",\"password\":\"";
        size_t at = strlen(json);
        memset(json + at, 'a', size);
        memcpy(json + at + size, "\"}", 3);
        struct password_body body;
        struct error error = {0};
        enum status status = password_body_read(text_of(json), &body, &error);
        assert_int_equal(status, size == PASSWORD_BODY_MOST ? STATUS_OK : STATUS_INVALID);
        if (status != STATUS_OK) {
            assert_string_equal(error.field, "/password");
            assert_null(strstr(error.text, "aaa"));
        }
        password_body_clear(&body);
    }
}

static void what_is_forgotten_is_wiped(void **state)
{
    (void)state;
    struct password_body body;
    struct error error;
    assert_ok(password_body_read(TEXT("{" USER ",\"password\":\"canary\"}"), &body, &error), &error);
    const char *where = body.password.bytes;
    password_body_forget(&body);
    assert_memory_equal(where, "\0\0\0\0\0\0", 6);
    assert_null(body.password.bytes);
    assert_true(text_equal(body.user_id, TEXT("u-17")));
    password_body_clear(&body);
}

int main(void)
{
    json_memory_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_taken_or_refused_by_name),
        cmocka_unit_test(a_password_of_a_kibibyte_is_weighed_and_a_longer_one_is_not),
        cmocka_unit_test(what_is_forgotten_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
