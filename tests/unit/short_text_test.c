/* Texts are kept and numbers written without printf, and come out as printf would write them. */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/short_text.h"

#define BYTES(bytes)                                                                                         \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1                                                                             \
    }

static void a_text_is_kept_as_a_string_and_cut_where_it_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        struct text text;
        const char *kept;
    } cases[] = {{BYTES("abc"), "abc"},
                 {BYTES("abcd"), "abcd"},
                 {BYTES("abcde"), "abcd"},
                 {BYTES(""), ""},
                 {{NULL, 0}, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[6] = "......";
        short_text_keep(cases[i].text, room, 5);
        assert_string_equal(room, cases[i].kept);
        assert_int_equal(room[5], '.');
    }
    char least[1] = {'x'};
    short_text_keep(TEXT("abc"), least, sizeof least);
    assert_int_equal(least[0], '\0');
}

static void a_number_is_written_in_full(void **state)
{
    (void)state;
    const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 1763788200123, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char room[SHORT_TEXT_NUMBER], wanted[32];
        struct text text = short_text_number(numbers[i], room);
        snprintf(wanted, sizeof wanted, "%" PRId64, numbers[i]);
        assert_true(text_equal(text, text_of(wanted)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_kept_as_a_string_and_cut_where_it_does_not_fit),
        cmocka_unit_test(a_number_is_written_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
