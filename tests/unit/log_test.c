/* A line of the log is one line, whatever is in it. */
#include "support.h"

#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include <jansson.h>

#include "io/log.h"
#include "io/log_line.h"

static struct buffer line_of(bool json, const struct log_field *fields, size_t count)
{
    struct buffer out;
    const struct log_line line = {1700000000123, LOG_LEVEL_WARNING, "reset-worker", "relay said no", fields,
                                  count};
    buffer_init(&out, 2 * (size_t)LOG_LINE_LIMIT);
    if (json)
        log_line_json(&line, &out);
    else
        log_line_text(&line, false, &out);
    assert_false(out.failed);
    assert_true(out.size <= LOG_LINE_LIMIT);
    assert_int_equal(out.bytes[out.size - 1], '\n');
    return out;
}

static void a_json_line_has_its_fields_with_their_types(void **state)
{
    (void)state;
    const struct log_field fields[] = {LOG_TEXT("stage", "rcpt"), LOG_NUMBER("code", -550),
                                       LOG_FLAG("retry", true), LOG_TEXT("nothing", NULL)};
    struct buffer out = line_of(true, fields, 4);
    const char *expected =
        "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warning\",\"program\":\"reset-worker\","
        "\"message\":\"relay said no\",\"stage\":\"rcpt\",\"code\":-550,\"retry\":true,"
        "\"nothing\":null}\n";
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.bytes, expected, out.size);
    buffer_clear(&out);
}

static void a_readable_line_quotes_what_has_blanks(void **state)
{
    (void)state;
    const struct log_field fields[] = {LOG_TEXT("stage", "rcpt"), LOG_TEXT("why", "no \"such\" user"),
                                       LOG_TEXT("e", "")};
    struct buffer out = line_of(false, fields, 3);
    const char *expected =
        "22:13:20.123 warning relay said no stage=rcpt why=\"no \\\"such\\\" user\" e=\"\"\n";
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.bytes, expected, out.size);
    buffer_clear(&out);
}

static void no_field_can_forge_a_line_or_drive_a_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"a\nlevel=info", "a\\u000alevel=info"},
        {"\r\x1b[31m", "\\u000d\\u001b[31m"},
        {"\x7f", "\\u007f"},
        {"\xc2\x9b"
         "31m",
         "\\u009b31m"},                           /* C1: CSI */
        {"\xe2\x80\xae", "\\u202e"},              /* right-to-left override */
        {"\xe2\x81\xa6", "\\u2066"},              /* isolate */
        {"\xd8\x9c", "\\u061c"},                  /* Arabic letter mark */
        {"\xe2\x80\xa8", "\\u2028"},              /* line separator */
        {"\xef\xbb\xbf", "\\ufeff"},              /* byte order mark */
        {"\xff", "\xef\xbf\xbd"},                 /* no UTF-8 */
        {"\xc0\x8a", "\xef\xbf\xbd\xef\xbf\xbd"}, /* an overlong line end */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\\", "\\\"\\\\"},
        {"M\xc3\xbcller \xf0\x9f\x99\x82", "M\xc3\xbcller \xf0\x9f\x99\x82"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int json = 0; json <= 1; json++) {
            const struct log_field field = LOG_TEXT("x", cases[i].text);
            struct buffer out = line_of(json, &field, 1);
            buffer_append_byte(&out, 0);
            if (!strstr(out.bytes, cases[i].written))
                fail_msg("case %zu: expected %s in %s", i, cases[i].written, out.bytes);
            assert_ptr_equal(strchr(out.bytes, '\n'), out.bytes + out.size - 2);
            buffer_clear(&out);
        }
}

static void a_line_stays_json_however_much_is_in_it(void **state)
{
    (void)state;
    char big[3 * LOG_FIELD_LIMIT];
    memset(big, '\x01', sizeof big);
    struct log_field fields[20];
    for (size_t i = 0; i < 20; i++)
        fields[i] = LOG_BYTES("big", ((struct text){big, sizeof big}));
    struct buffer out = line_of(true, fields, 20);
    json_t *read = json_loadb(out.bytes, out.size, 0, NULL);
    assert_non_null(read);
    assert_true(json_is_true(json_object_get(read, "cut")));
    json_decref(read);
    buffer_clear(&out);
    fields[0].text.size = LOG_FIELD_LIMIT + 1;
    memset(big, 'a', sizeof big);
    out = line_of(true, fields, 1);
    read = json_loadb(out.bytes, out.size, 0, NULL);
    assert_int_equal(json_string_length(json_object_get(read, "big")), LOG_FIELD_LIMIT + 3);
    json_decref(read);
    buffer_clear(&out);
}

struct captured {
    int ends[2];
    char text[65536];
};

static void capture(struct captured *captured, enum log_level level)
{
    assert_int_equal(pipe(captured->ends), 0);
    log_open("test", level, LOG_FORMAT_AUTO, captured->ends[1]);
}

static void read_captured(struct captured *captured)
{
    size_t size = 0;
    log_close();
    log_open("test", LOG_LEVEL_INFO, LOG_FORMAT_AUTO, STDERR_FILENO);
    close(captured->ends[1]);
    for (ssize_t got;
         (got = read(captured->ends[0], captured->text + size, sizeof captured->text - size - 1)) > 0;)
        size += (size_t)got;
    close(captured->ends[0]);
    captured->text[size] = 0;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void a_repeated_message_is_held_down_and_counted(void **state)
{
    (void)state;
    static struct captured captured;
    capture(&captured, LOG_LEVEL_INFO);
    for (int i = 0; i < LOG_BURST + 7; i++) {
        log_write(LOG_LEVEL_WARNING, "broker is down", LOG_NUMBER("try", i));
        if (i == 3)
            log_write(LOG_LEVEL_WARNING, "another matter");
    }
    read_captured(&captured);
    assert_int_equal(count_of(captured.text, "broker is down"), LOG_BURST);
    assert_int_equal(count_of(captured.text, "another matter"), 1);
    assert_int_equal(count_of(captured.text, "\"left_out\":7"), 1);
}

static void what_is_below_the_level_is_not_written(void **state)
{
    (void)state;
    static struct captured captured;
    capture(&captured, LOG_LEVEL_WARNING);
    log_write(LOG_LEVEL_ERROR, "one");
    log_write(LOG_LEVEL_INFO, "two");
    log_kafka(LOG_ERR, "FAIL", "broker\ngone");
    log_kafka(LOG_DEBUG, "FETCH", "nothing");
    read_captured(&captured);
    assert_int_equal(count_of(captured.text, "\n"), 2);
    assert_int_equal(count_of(captured.text, "\"facility\":\"FAIL\",\"text\":\"broker\\u000agone\""), 1);
    assert_int_equal(captured.text[0], '{'); /* no terminal: JSON */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_line_has_its_fields_with_their_types),
        cmocka_unit_test(a_readable_line_quotes_what_has_blanks),
        cmocka_unit_test(no_field_can_forge_a_line_or_drive_a_terminal),
        cmocka_unit_test(a_line_stays_json_however_much_is_in_it),
        cmocka_unit_test(a_repeated_message_is_held_down_and_counted),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
