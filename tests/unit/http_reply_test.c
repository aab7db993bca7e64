/* Problems as RFC 9457 has them, and whole responses for connections that no request stands behind. */
#include "support.h"

#include <stdio.h>

#include <jansson.h>

#include "producer/http_reply.h"

static json_t *written(const struct http_problem *problem)
{
    struct buffer out;
    buffer_init(&out, 4096);
    http_problem_write(problem, &out);
    assert_false(out.failed);
    json_t *tree = json_loadb(out.bytes, out.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tree);
    buffer_clear(&out);
    return tree;
}

static void a_problem_says_what_there_is_to_say(void **state)
{
    (void)state;
    json_t *tree = written(&(struct http_problem){
        .status = 400, .detail = "a \"quoted\" \x01 word", .field = "/user/email", .reason = ""});
    assert_int_equal(json_object_size(tree), 5);
    assert_string_equal(json_string_value(json_object_get(tree, "title")), "Bad Request");
    assert_string_equal(json_string_value(json_object_get(tree, "type")), "about:blank");
    assert_int_equal(json_integer_value(json_object_get(tree, "status")), 400);
    assert_string_equal(json_string_value(json_object_get(tree, "detail")), "a \"quoted\" \x01 word");
    assert_string_equal(json_string_value(json_object_get(tree, "field")), "/user/email");
    json_decref(tree);
    tree = written(&(struct http_problem){.status = 599});
    assert_int_equal(json_object_size(tree), 3);
    json_decref(tree);
}

static void a_response_is_whole_and_closes(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    http_problem_response(&(struct http_problem){.status = 503, .detail = "full", .retry_after_s = 5}, &out);
    buffer_append_byte(&out, '\0');
    assert_ptr_equal(strstr(out.bytes, "HTTP/1.1 503 Service Unavailable\r\n"), out.bytes);
    assert_non_null(strstr(out.bytes, "\r\nContent-Type: application/problem+json\r\n"));
    assert_non_null(strstr(out.bytes, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(out.bytes, "\r\nRetry-After: 5\r\n"));
    assert_non_null(strstr(out.bytes, "\r\nCache-Control: no-store\r\n"));
    char length[64];
    const char *body = strstr(out.bytes, "\r\n\r\n") + 4;
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", strlen(body));
    assert_non_null(strstr(out.bytes, length));
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_says_what_there_is_to_say),
        cmocka_unit_test(a_response_is_whole_and_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
