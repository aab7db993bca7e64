/* JSON that could mean two things, or too much, is refused before anybody looks at it. */
#include "support.h"

#include <jansson.h>

#include "core/json_bytes.h"

#define ACCEPTED REASON_NONE
#define BYTES(bytes)                                                                                         \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1                                                                             \
    }
#define CASE(bytes, why)                                                                                     \
    {                                                                                                        \
        BYTES(bytes), why                                                                                    \
    }

static const struct {
    struct text bytes;
    enum reason why;
} cases[] = {
    CASE("{}", ACCEPTED),
    CASE(" {\"a\":1} \r\n", ACCEPTED),
    CASE("{\"a\":\"\\ud83d\\ude00\"}", ACCEPTED),
    CASE("{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}", ACCEPTED),
    CASE("{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", REASON_NOT_JSON),
    CASE("{\"a\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}", ACCEPTED),
    CASE("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[[[1]]]]]]]]]}}}}}}}", ACCEPTED),
    CASE("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[[[[1]]]]]]]]]]}}}}}}}", REASON_NOT_JSON),
    CASE("{\"a\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}", ACCEPTED),
    CASE("", REASON_EMPTY),
    CASE(" ", REASON_NOT_JSON),
    CASE("[]", REASON_SCHEMA),
    CASE("null", REASON_NOT_JSON),
    CASE("{\"a\":1,\"a\":2}", REASON_NOT_JSON),
    CASE("{\"a\":1,\"\\u0061\":2}", REASON_NOT_JSON),
    CASE("{\"x\":{\"a\":1,\"a\":1}}", REASON_NOT_JSON),
    CASE("{\"a\":NaN}", REASON_NOT_JSON),
    CASE("{\"a\":Infinity}", REASON_NOT_JSON),
    CASE("{\"a\":1e999}", REASON_NOT_JSON),
    CASE("{\"a\":123456789012345678901234567890}", REASON_NOT_JSON),
    CASE("{\"a\":01}", REASON_NOT_JSON),
    CASE("{\"a\":\"\\u0000\"}", REASON_NOT_JSON),
    CASE("{\"\\u0000\":1}", REASON_NOT_JSON),
    CASE("{\"a\":\"\\ud800\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\\udc00\\ud800\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\xc0\xaf\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\xed\xa0\x80\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\xf4\x90\x80\x80\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\xff\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\x01\"}", REASON_NOT_JSON),
    CASE("{\"a\":\"\n\"}", REASON_NOT_JSON),
    CASE("\xef\xbb\xbf{}", REASON_NOT_JSON),
    CASE("{} {}", REASON_NOT_JSON),
    CASE("{}\0", REASON_NOT_JSON),
    CASE("{\"a\":1,}", REASON_NOT_JSON),
    CASE("{'a':1}", REASON_NOT_JSON),
    CASE("{/**/}", REASON_NOT_JSON),
    CASE("{\"a\":\"\\x41\"}", REASON_NOT_JSON),
    CASE("{\"a\":tru}", REASON_NOT_JSON),
    CASE("{\"a\":\"", REASON_NOT_JSON),
    CASE("{\"a\":\"\\", REASON_NOT_JSON),
    CASE("]]]]]{", REASON_NOT_JSON),
};

static void bytes_with_two_meanings_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        enum reason why = ACCEPTED;
        json_t *tree = NULL;
        enum status status = json_read(cases[i].bytes, 1024, &tree, &why, &error);
        if (why != cases[i].why || (status == STATUS_OK) != (why == ACCEPTED) ||
            (tree != NULL) != (why == ACCEPTED))
            fail_msg("%.*s gave %s: %s", (int)cases[i].bytes.size, cases[i].bytes.bytes, reason_name(why),
                     error.text);
        json_decref(tree);
    }
}

static void more_bytes_than_allowed_are_never_parsed(void **state)
{
    (void)state;
    struct error error;
    enum reason why = ACCEPTED;
    json_t *tree;
    assert_int_equal(json_read(TEXT("{\"a\": 1}"), 7, &tree, &why, &error), STATUS_INVALID);
    assert_int_equal(why, REASON_TOO_LARGE);
    assert_string_equal(error.text, "8 bytes are too many; 7 are allowed");
}

static void a_fault_never_repeats_the_input(void **state)
{
    (void)state;
    struct error error;
    json_t *tree;
    assert_int_equal(json_read(TEXT("{\"email\":bob@corp.example}"), 1024, &tree, NULL, &error),
                     STATUS_INVALID);
    assert_null(strstr(error.text, "bob"));
}

static const struct {
    struct text in;
    const char *compact, *visible;
} strings[] = {
    {BYTES(""), "\"\"", "\"\""},
    {BYTES("plain"), "\"plain\"", "\"plain\""},
    {BYTES("a\"b\\c/"), "\"a\\\"b\\\\c/\"", "\"a\\\"b\\\\c/\""},
    {BYTES("\b\t\n\f\r\x01\x1f"), "\"\\b\\t\\n\\f\\r\\u0001\\u001f\"", "\"\\b\\t\\n\\f\\r\\u0001\\u001f\""},
    {BYTES("\0"), "\"\\u0000\"", "\"\\u0000\""},
    {BYTES("\x7f"), "\"\x7f\"", "\"\\u007f\""},
    {BYTES("\xc2\x9b"), "\"\xc2\x9b\"", "\"\\u009b\""},
    {BYTES("a\xe2\x80\xaez"), "\"a\xe2\x80\xaez\"", "\"a\\u202ez\""},
    {BYTES("\xe2\x80\xa8"), "\"\xe2\x80\xa8\"", "\"\\u2028\""},
    {BYTES("\xf3\xa0\x80\x81"), "\"\xf3\xa0\x80\x81\"", "\"\\udb40\\udc01\""},
    {BYTES("\xd8\xb9\xe6\x9d\x8e\xf0\x9f\x99\x82"), "\"\xd8\xb9\xe6\x9d\x8e\xf0\x9f\x99\x82\"",
     "\"\xd8\xb9\xe6\x9d\x8e\xf0\x9f\x99\x82\""},
    {BYTES("a\xff\xc3z"), "\"a\\ufffd\\ufffdz\"", "\"a\\ufffd\\ufffdz\""},
};

static void a_string_is_written_so_that_it_ends_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct buffer out;
        buffer_init(&out, 256);
        json_write_string(&out, strings[i].in);
        assert_int_equal(out.size, strlen(strings[i].compact));
        assert_memory_equal(out.bytes, strings[i].compact, out.size);
        buffer_reset(&out);
        json_write_visible(&out, strings[i].in);
        assert_int_equal(out.size, strlen(strings[i].visible));
        assert_memory_equal(out.bytes, strings[i].visible, out.size);
        buffer_clear(&out);
    }
}

/* Behind any number of plain bytes, however many are looked at at once. */
static void a_string_is_escaped_wherever_in_it_the_character_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        for (size_t before = 0; before < 20; before++)
            for (size_t after = 0; after < 20; after++) {
                struct buffer in, out, expected;
                buffer_init(&in, 256);
                buffer_init(&out, 256);
                buffer_init(&expected, 256);
                buffer_append(&in, "plain ~ characters, 20", before);
                buffer_append_text(&in, strings[i].in);
                buffer_append(&in, "and ~ 20 of it behind", after);
                buffer_append(&expected, "\"plain ~ characters, 20", before + 1);
                buffer_append(&expected, strings[i].visible + 1, strlen(strings[i].visible) - 2);
                buffer_append(&expected, "and ~ 20 of it behind", after);
                buffer_append_byte(&expected, '"');
                json_write_visible(&out, buffer_text(&in));
                assert_true(text_equal(buffer_text(&out), buffer_text(&expected)));
                buffer_clear(&in);
                buffer_clear(&out);
                buffer_clear(&expected);
            }
}

static void hidden_characters_are_seen(void **state)
{
    (void)state;
    const struct text hidden[] = {TEXT("\n"),       TEXT("a\x7f"),         TEXT("\0"),
                                  TEXT("\xc2\x85"), TEXT("x\xe2\x80\xae"), TEXT("\xe2\x81\xa9"),
                                  TEXT("\xd8\x9c"), TEXT("\xef\xbb\xbf"),  TEXT("\xe2\x80\xa9"),
                                  TEXT("\xff"),     TEXT("\xe2\x80")};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        for (size_t before = 0; before < 20; before++) { /* wherever they stand */
            char text[64] = "plain ~ characters, 20 and more of them behind it all";
            memcpy(text + before, hidden[i].bytes, hidden[i].size);
            assert_true(text_has_hidden((struct text){text, before + hidden[i].size}));
            assert_true(text_has_hidden((struct text){text, 40}));
        }
    const struct text seen[] = {TEXT(""),         TEXT("a b"),          TEXT("~ all of this can be seen ~"),
                                TEXT("\xc3\xa9"), TEXT("\xe2\x80\x8d"), TEXT("\xf0\x9f\x99\x82")};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        assert_false(text_has_hidden(seen[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_with_two_meanings_are_refused),
        cmocka_unit_test(more_bytes_than_allowed_are_never_parsed),
        cmocka_unit_test(a_fault_never_repeats_the_input),
        cmocka_unit_test(a_string_is_written_so_that_it_ends_where_it_should),
        cmocka_unit_test(a_string_is_escaped_wherever_in_it_the_character_stands),
        cmocka_unit_test(hidden_characters_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
