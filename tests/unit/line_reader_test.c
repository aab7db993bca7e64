#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "producer/line_reader.h"

enum { LIMIT = 10 };

/* What came out, e.g. "1:abc 2:+ 3:": + is a line that was too long. */
struct heard {
    char text[400];
    size_t size;
};

static enum line_found hear(struct line_reader *reader, struct heard *heard)
{
    struct text line;
    enum line_found found = line_reader_next(reader, &line);
    if (found != LINE_FOUND && found != LINE_TOO_LONG)
        return found;
    heard->size +=
        (size_t)snprintf(heard->text + heard->size, sizeof heard->text - heard->size, "%llu:%.*s ",
                         (unsigned long long)line_reader_number(reader),
                         found == LINE_FOUND ? (int)line.size : 1, found == LINE_FOUND ? line.bytes : "+");
    assert_true(heard->size < sizeof heard->text);
    return found;
}

static void feed(struct line_reader *reader, const char *bytes, size_t size, size_t piece,
                 struct heard *heard)
{
    for (size_t done = 0; done < size;) {
        size_t room;
        char *to = line_reader_room(reader, &room);
        assert_true(room > 0);
        size_t now = size - done < piece ? size - done : piece;
        now = now < room ? now : room;
        memcpy(to, bytes + done, now);
        line_reader_fill(reader, now);
        done += now;
        while (hear(reader, heard) < LINE_MORE)
            ;
    }
}

static const struct {
    const char *input, *expected;
} cases[] = {
    {"", ""},
    {"a", "1:a "},
    {"a\n", "1:a "},
    {"a\nb", "1:a 2:b "},
    {"\n\na\n", "1: 2: 3:a "},
    {"a\r\nb\r\n", "1:a 2:b "},
    {"a\rb\n", "1:a\rb "},
    {"1234567890\n", "1:1234567890 "},
    {"1234567890\r\n", "1:1234567890 "},
    {"12345678901\nb\n", "1:+ 2:b "},
    {"12345678901", "1:+ "},
    {"1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
     "4567890"
     "12345678901234567890123456789012345678901234567890\nb\n",
     "1:+ 2:b "},
    {"a\n1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
     "1234567"
     "8901234567890",
     "1:a 2:+ "},
};

static void lines_are_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 130; piece++) {
            struct line_reader *reader = line_reader_new(LIMIT);
            struct heard heard = {.text = ""};
            feed(reader, cases[i].input, strlen(cases[i].input), piece, &heard);
            line_reader_end(reader);
            while (hear(reader, &heard) != LINE_END)
                ;
            assert_string_equal(heard.text, cases[i].expected);
            assert_int_equal(hear(reader, &heard), LINE_END);
            line_reader_free(&reader);
        }
}

static void a_line_that_is_put_back_comes_again_with_its_number(void **state)
{
    (void)state;
    struct line_reader *reader = line_reader_new(LIMIT);
    struct heard heard = {.text = ""};
    size_t room;
    memcpy(line_reader_room(reader, &room), "a\nbc\nd", 6);
    line_reader_fill(reader, 6);
    hear(reader, &heard);
    hear(reader, &heard);
    line_reader_again(reader);
    hear(reader, &heard);
    assert_int_equal(hear(reader, &heard), LINE_MORE);
    line_reader_end(reader);
    hear(reader, &heard);
    line_reader_again(reader);
    hear(reader, &heard);
    assert_string_equal(heard.text, "1:a 2:bc 2:bc 3:d 3:d ");
    line_reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_in_pieces_of_any_size),
        cmocka_unit_test(a_line_that_is_put_back_comes_again_with_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
