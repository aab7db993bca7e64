/* The command line as people type it, and mistype it. */
#include "support.h"

#include "io/command_line.h"

static const struct command commands[] = {
    {.name = "serve", .help = "the HTTP intake"},
    {.name = "send", .operands = "[FILE]", .operands_max = 1, .help = "one request a line"},
    {.name = "keys add",
     .help = "a new API key",
     .options = {{"name", "NAME", false, "whose it is"}, {"scope", "SCOPE", true, "what it may"}}},
    {.name = "keys list", .help = "all API keys"},
    {.name = "keygen",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .help = "a fresh key file",
     .options = {{"add", NULL, false, "append a key"}}},
    {.name = NULL},
};
static const struct command_program program = {"reset-test", "a program for tests", commands,
                                               "\nExample: none.\n"};

struct read_line {
    struct command_line *line;
    struct buffer out;
    enum command_line_result result;
};

/* `words` is split at blanks. */
static struct read_line read_words(const char *words)
{
    static char copy[512];
    char *argv[32] = {copy};
    int argc = 1;
    struct read_line read = {0};
    buffer_init(&read.out, 16384);
    copy[0] = 0;
    size_t used = 1;
    while (*words) {
        size_t size = strcspn(words, " ");
        argv[argc++] = copy + used;
        memcpy(copy + used, words, size);
        copy[used + size] = 0;
        used += size + 1;
        words += size + (words[size] == ' ');
    }
    read.result = command_line_read(&program, argc, argv, &read.line, &read.out);
    buffer_append_byte(&read.out, 0);
    assert_int_equal(read.line != NULL, read.result == COMMAND_LINE_RUN);
    return read;
}

static void forget(struct read_line *read)
{
    command_line_free(&read->line);
    buffer_clear(&read->out);
}

static void options_stand_before_and_after_the_command(void **state)
{
    (void)state;
    struct read_line read =
        read_words("--config a.ini --set log.level=debug keys add --name=shop --scope x --set a.b=c "
                   "--scope y");
    size_t count;
    assert_int_equal(read.result, COMMAND_LINE_RUN);
    assert_string_equal(command_line_command(read.line)->name, "keys add");
    assert_string_equal(command_line_config(read.line), "a.ini");
    assert_string_equal(command_line_value(read.line, "name", 0), "shop");
    assert_string_equal(command_line_value(read.line, "scope", 1), "y");
    assert_null(command_line_value(read.line, "scope", 2));
    const char *const *settings = command_line_settings(read.line, &count);
    assert_int_equal(count, 2);
    assert_string_equal(settings[0], "log.level=debug");
    assert_string_equal(settings[1], "a.b=c");
    forget(&read);
}

static void operands_may_look_like_options_after_two_dashes(void **state)
{
    (void)state;
    struct read_line read = read_words("send -- --config");
    assert_int_equal(read.result, COMMAND_LINE_RUN);
    assert_string_equal(command_line_operand(read.line, 0), "--config");
    assert_null(command_line_config(read.line));
    forget(&read);
    read = read_words("send -");
    assert_string_equal(command_line_operand(read.line, 0), "-");
    forget(&read);
    read = read_words("keygen --add f");
    assert_true(command_line_flag(read.line, "add"));
    assert_string_equal(command_line_operand(read.line, 0), "f");
    forget(&read);
}

static void print_config_needs_no_command(void **state)
{
    (void)state;
    struct read_line read = read_words("--print-config");
    assert_int_equal(read.result, COMMAND_LINE_RUN);
    assert_null(command_line_command(read.line));
    assert_true(command_line_print_config(read.line));
    forget(&read);
}

static void misuse_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const struct {
        const char *words, *hint;
    } cases[] = {
        {"", "which command? see --help"},
        {"serv", "there is no command serv; did you mean serve?"},
        {"keys", "there is no command keys"},
        {"keys ad", "there is no command keys ad; did you mean keys add?"},
        {"frobnicate", "there is no command frobnicate; see --help"},
        {"serve extra", "serve: \"extra\" is one operand too many"},
        {"keygen", "keygen needs FILE"},
        {"keygen a b", "\"b\" is one operand too many"},
        {"keygen --ad f", "there is no option --ad; did you mean --add?"},
        {"serve --name x", "there is no option --name of serve; see --help"},
        {"--name x keys add", "there is no option --name before the command; see --help"},
        {"--confg x serve", "there is no option --confg; did you mean --config?"},
        {"serve --config", "--config needs a value: --config FILE"},
        {"--config a --config b serve", "--config is given twice"},
        {"keygen --add=yes f", "--add takes no value"},
        {"serve -x", "there is no option -x; see --help"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_line read = read_words(cases[i].words);
        assert_int_equal(read.result, COMMAND_LINE_WRONG);
        if (!strstr(read.out.bytes, cases[i].hint) || strncmp(read.out.bytes, "reset-test: ", 12) != 0)
            fail_msg("\"%s\": expected \"%s\", got \"%s\"", cases[i].words, cases[i].hint, read.out.bytes);
        forget(&read);
    }
}

static void help_is_made_from_the_tables(void **state)
{
    (void)state;
    static const char *const all[] = {"reset-test: a program for tests\n", "  keys add     a new API key\n",
                                      "  send [FILE]  one request a line\n", "--set SECTION.KEY=VALUE ...",
                                      "\nExample: none.\n"};
    static const char *const one[] = {"Usage: reset-test [OPTION]... keys add\n",
                                      "--scope SCOPE ...  what it may\n", "--config FILE"};
    struct read_line read = read_words("--help");
    assert_int_equal(read.result, COMMAND_LINE_DONE);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_non_null(strstr(read.out.bytes, all[i]));
    forget(&read);
    read = read_words("keys add -h");
    assert_int_equal(read.result, COMMAND_LINE_DONE);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        assert_non_null(strstr(read.out.bytes, one[i]));
    forget(&read);
    read = read_words("--version");
    assert_int_equal(read.result, COMMAND_LINE_DONE);
    assert_string_equal(read.out.bytes, "reset-test " RESET_VERSION "\n");
    forget(&read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_and_after_the_command),
        cmocka_unit_test(operands_may_look_like_options_after_two_dashes),
        cmocka_unit_test(print_config_needs_no_command),
        cmocka_unit_test(misuse_is_refused_with_a_hint),
        cmocka_unit_test(help_is_made_from_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
