/* Replies are the same however they are cut into packets; what is not SMTP is told at once and for good. */
#include "support.h"

#include <stdio.h>

#include "core/smtp/capabilities.h"
#include "core/smtp/reply.h"
#include "core/smtp/result.h"

struct reply_case {
    const char *name;
    struct text bytes;
    const char *expected; /* "code/enhanced/lines" of each reply, then "more" or "broken" */
};

#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }

static const struct reply_case cases[] = {
    {"one line", BYTES("250 Ok\r\n"), "250/0.0.0/1 more"},
    {"enhanced", BYTES("550 5.1.1 <x@example.com>: no such user\r\n"), "550/5.1.1/1 more"},
    {"three digits", BYTES("450 4.123.999 x\r\n"), "450/4.123.999/1 more"},
    {"enhanced alone", BYTES("250 2.0.0\r\n"), "250/2.0.0/1 more"},
    {"enhanced of another class", BYTES("550 2.1.1 x\r\n"), "550/0.0.0/1 more"},
    {"enhanced with four digits", BYTES("550 5.1234.1 x\r\n"), "550/0.0.0/1 more"},
    {"a number in the text", BYTES("550 5.1.1is no code\r\n"), "550/0.0.0/1 more"},
    {"code alone", BYTES("354\r\n"), "354/0.0.0/1 more"},
    {"code and space", BYTES("354 \r\n"), "354/0.0.0/1 more"},
    {"two lines", BYTES("250-first\r\n250 second\r\n"), "250/0.0.0/2 more"},
    {"enhanced in the second line", BYTES("250-first\r\n250 2.1.5 second\r\n"), "250/2.1.5/2 more"},
    {"three in one packet", BYTES("250 a\r\n550 5.1.1 b\r\n354 c\r\n"),
     "250/0.0.0/1 550/5.1.1/1 354/0.0.0/1 more"},
    {"bare LF is borne", BYTES("250 a\n250-b\n250 c\n"), "250/0.0.0/1 250/0.0.0/2 more"},
    {"bytes over 127 are borne", BYTES("250 gr\xfc\xdf\r\n"), "250/0.0.0/1 more"},
    {"unfinished", BYTES("250-a\r\n250 b\r"), "more"},
    {"codes differ", BYTES("250-a\r\n251 b\r\n"), "broken"},
    {"bare CR", BYTES("250 a\rb\r\n"), "broken"},
    {"NUL", BYTES("250 a\0b\r\n"), "broken"},
    {"no code", BYTES("hello\r\n"), "broken"},
    {"empty line", BYTES("\r\n"), "broken"},
    {"code of two digits", BYTES("25 \r\n"), "broken"},
    {"code of four digits", BYTES("2500 x\r\n"), "broken"},
    {"first digit one", BYTES("150 x\r\n"), "broken"},
    {"first digit six", BYTES("650 x\r\n"), "broken"},
    {"stays broken", BYTES("x\r\n250 Ok\r\n"), "broken"},
};

/* Reads all with a cut at `cut` and another at each byte when `bytewise`. */
static void read_all(struct text bytes, size_t cut, bool bytewise, char *out, size_t room)
{
    struct smtp_reply_parser parser;
    enum smtp_reply_state state = SMTP_REPLY_MORE;
    size_t used = 0;
    smtp_reply_parser_init(&parser);
    out[0] = '\0';
    while (bytes.size > 0 && state != SMTP_REPLY_BROKEN) {
        size_t size = bytewise ? 1 : cut > 0 && cut < bytes.size ? cut : bytes.size;
        struct text part = {bytes.bytes, size};
        cut = 0;
        bytes.bytes += size;
        bytes.size -= size;
        struct smtp_reply reply;
        while ((state = smtp_reply_read(&parser, &part, &reply)) == SMTP_REPLY_READY)
            used +=
                (size_t)snprintf(out + used, room - used, "%d/%d.%d.%d/%u ", reply.code, reply.enhanced.class,
                                 reply.enhanced.subject, reply.enhanced.detail, reply.lines);
    }
    snprintf(out + used, room - used, "%s", state == SMTP_REPLY_BROKEN ? "broken" : "more");
}

static void replies_are_the_same_in_all_fragments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[256];
        for (size_t cut = 0; cut <= cases[i].bytes.size; cut++) {
            read_all(cases[i].bytes, cut, false, out, sizeof out);
            if (strcmp(out, cases[i].expected) != 0)
                fail_msg("%s, cut at %zu: expected %s, got %s", cases[i].name, cut, cases[i].expected, out);
        }
        read_all(cases[i].bytes, 0, true, out, sizeof out);
        assert_string_equal(out, cases[i].expected);
    }
}

static enum smtp_reply_state read_repeated(const char *line, size_t times, const char *end)
{
    struct smtp_reply_parser parser;
    struct smtp_reply reply;
    smtp_reply_parser_init(&parser);
    for (size_t i = 0; i < times; i++) {
        struct text part = text_of(line);
        if (smtp_reply_read(&parser, &part, &reply) == SMTP_REPLY_BROKEN)
            return SMTP_REPLY_BROKEN;
    }
    struct text last = text_of(end);
    return smtp_reply_read(&parser, &last, &reply);
}

static void lines_and_replies_have_an_end(void **state)
{
    (void)state;
    assert_int_equal(read_repeated("250-x\r\n", SMTP_REPLY_LINES_LIMIT - 1, "250 x\r\n"), SMTP_REPLY_READY);
    assert_int_equal(read_repeated("250-x\r\n", SMTP_REPLY_LINES_LIMIT, "250 x\r\n"), SMTP_REPLY_BROKEN);
    assert_int_equal(read_repeated("2500", 0, "250 x\r\n"), SMTP_REPLY_READY);
    assert_int_equal(read_repeated("250 ", SMTP_REPLY_LINE_LIMIT / 4 - 1, "x\r\n"), SMTP_REPLY_READY);
    assert_int_equal(read_repeated("250 ", SMTP_REPLY_LINE_LIMIT / 4, "x\r\n"), SMTP_REPLY_BROKEN);
}

static void only_the_last_ehlo_counts(void **state)
{
    static const char *const lines[] = {"220 hello\r\n",      "250-host\r\n",      "250-PIPELINING\r\n",
                                        "250-STARTTLS\r\n",   "250 SMTPUTF8\r\n",  "220 go\r\n",
                                        "250-host\r\n",       "250-SIZE 1024\r\n", "250-8bitmime\r\n",
                                        "250-AUTH LOGIN\r\n", "250 SMTPUTF8X\r\n"};
    struct smtp_capabilities capabilities = {0};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        smtp_capabilities_take(&capabilities, text_of(lines[i]));
    assert_true(capabilities.pipelining && capabilities.smtputf8 && capabilities.starttls);
    for (size_t i = 5; i < sizeof lines / sizeof *lines; i++)
        smtp_capabilities_take(&capabilities, text_of(lines[i]));
    assert_false(capabilities.pipelining || capabilities.smtputf8 || capabilities.starttls);
    assert_true(capabilities.eight_bit_mime && capabilities.auth);
    assert_int_equal(capabilities.size, 1024);
}

static void a_size_beyond_belief_says_nothing(void **state)
{
    static const char *const lines[] = {"250 SIZE", "250 SIZE x", "250 SIZE 99999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct smtp_capabilities capabilities = {0};
        smtp_capabilities_take(&capabilities, text_of(lines[i]));
        assert_int_equal(capabilities.size, 0);
    }
}

static void every_result_has_words(void **state)
{
    (void)state;
    for (int i = 0; i <= SMTP_WITHHELD; i++)
        assert_string_not_equal(smtp_result_kind_name((enum smtp_result_kind)i), "unknown");
    for (int i = 0; i <= SMTP_STAGE_QUIT; i++)
        assert_string_not_equal(smtp_stage_name((enum smtp_stage)i), "unknown");
    for (int i = 0; i <= SMTP_REASON_CALLER; i++)
        assert_string_not_equal(smtp_reason_name((enum smtp_reason)i), "unknown");
    assert_string_equal(smtp_reason_name((enum smtp_reason)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_the_same_in_all_fragments),
        cmocka_unit_test(lines_and_replies_have_an_end),
        cmocka_unit_test(only_the_last_ehlo_counts),
        cmocka_unit_test(a_size_beyond_belief_says_nothing),
        cmocka_unit_test(every_result_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
