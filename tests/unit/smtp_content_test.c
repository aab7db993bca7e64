/* Content is safe when every line ends in CRLF, the last one too, and no byte could end it early. */
#include "support.h"

#include <stdlib.h>

#include "core/smtp/content.h"

#define BYTES(bytes)                                                                                         \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1                                                                             \
    }

static const struct {
    struct text content;
    bool safe;
} cases[] = {
    {BYTES("\r\n"), true},
    {BYTES("a\r\n"), true},
    {BYTES("a\r\n\r\nb\r\n"), true},
    {BYTES(".\r\n"), true},
    {BYTES(""), false},
    {BYTES("\n"), false},
    {BYTES("a"), false},
    {BYTES("\n\r\n"), false},
    {BYTES("\r\r\n"), false},
    {BYTES("\r\n\n"), false},
    {BYTES("\r\n\r"), false},
    {BYTES("a\nb\r\n"), false},
    {BYTES("a\rb\r\n"), false},
    {BYTES("a\n\rb\r\n"), false},
    {BYTES("a\r\n.\nb\r\n"), false},
    {BYTES("a\r\n.\rb\r\n"), false},
    {BYTES("\0\r\n"), false},
    {BYTES("a\0b\r\n"), false},
    {BYTES("a\r\0\n\r\n"), false},
    {BYTES("a\r\nb"), false},
};

static void what_could_end_a_message_early_is_not_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (smtp_content_is_safe(cases[i].content) != cases[i].safe)
            fail_msg("case %zu", i);
}

/* At any place of a long content, however many bytes are looked at at once. */
static void one_wrong_byte_is_found_anywhere(void **state)
{
    (void)state;
    enum { SIZE = 300 };
    char *content = malloc(SIZE); /* of its own, so that reading past the end is seen */
    assert_non_null(content);
    memset(content, 'x', SIZE);
    memcpy(content + SIZE - 2, "\r\n", 2);
    const char wrong[] = {'\0', '\r', '\n'};
    assert_true(smtp_content_is_safe((struct text){content, SIZE}));
    for (size_t at = 0; at < SIZE - 2; at++)
        for (size_t i = 0; i < sizeof wrong; i++) {
            content[at] = wrong[i];
            assert_false(smtp_content_is_safe((struct text){content, SIZE}));
            content[at] = 'x';
        }
    free(content);
}

static void a_second_dot_stands_before_each_leading_one(void **state)
{
    (void)state;
    static const struct {
        struct text content, sent;
    } dots[] = {
        {BYTES(""), BYTES("")},
        {BYTES("a.b\r\n"), BYTES("a.b\r\n")},
        {BYTES(".\r\n"), BYTES("..\r\n")},
        {BYTES("..\r\n"), BYTES("...\r\n")},
        {BYTES("a\r\n.\r\n"), BYTES("a\r\n..\r\n")},
        {BYTES(".a.\r\n.b.\r\n\r\n.\r\n.\r\nc.\r\n"), BYTES("..a.\r\n..b.\r\n\r\n..\r\n..\r\nc.\r\n")},
    };
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        struct buffer out;
        buffer_init(&out, 256);
        buffer_append_string(&out, "DATA\r\n");
        smtp_content_append(&out, dots[i].content);
        assert_memory_equal(out.bytes, "DATA\r\n", 6);
        if (!text_equal((struct text){out.bytes + 6, out.size - 6}, dots[i].sent))
            fail_msg("case %zu: %.*s", i, (int)out.size, out.bytes);
        buffer_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_end_a_message_early_is_not_safe),
        cmocka_unit_test(one_wrong_byte_is_found_anywhere),
        cmocka_unit_test(a_second_dot_stands_before_each_leading_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
