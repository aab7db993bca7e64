/* The story of one request: what belongs to it, in which order, and how people read it. */
#include "support.h"

#include <stdio.h>

#include "core/json_memory.h"
#include "producer/trail_story.h"

#define ID     "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7" /* made at 2025-10-17T10:04:02.494Z */
#define OTHER  "0199f1a0-5c3e-7d2b-9a41-000000000001"
#define NOTICE "0199f1b2-77aa-7c11-9d3e-5a0c1be2d6f0"
#define RECORD(id, time, data)                                                                               \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"time\":\"2025-11-22T05:" time "Z\",\"data\":{" data "}}"
#define USER "\"tenant\":\"acme\",\"user_id\":\"u-1001\""
#define SENT                                                                                                 \
    RECORD("a2", "10:01.004",                                                                                \
           "\"outcome\":\"sent\",\"request_id\":\"" ID "\"," USER ",\"method\":\"link\",\"attempt\":2,"      \
           "\"actor\":{\"role\":\"admin\",\"id\":\"u-7\"},\"asserted_by\":{\"channel\":\"http\","            \
           "\"key_id\":\"k3fz9q\",\"publisher\":\"intake\"},\"smtp\":{\"code\":250,\"enhanced\":\"2.0.0\"}")
#define REDEEMED                                                                                             \
    RECORD("a3", "30:00.000",                                                                                \
           "\"outcome\":\"redeemed\",\"request_id\":\"" ID "\"," USER                                        \
           ",\"method\":\"link\",\"asserted_by\":{\"channel\":\"http\",\"key_id\":\"k3fz9q\"}")
#define FOLDED                                                                                               \
    RECORD("a1", "10:00.500",                                                                                \
           "\"outcome\":\"suppressed\",\"reason\":\"coalesced\",\"request_id\":\"" OTHER "\"," USER          \
           ",\"into\":\"" ID "\"")
#define NOTICED                                                                                              \
    RECORD("a5", "31:02.000",                                                                                \
           "\"outcome\":\"sent\",\"request_id\":\"" NOTICE "\"," USER                                        \
           ",\"method\":\"password_changed\",\"completes\":\"" ID "\"")

static struct trail_story *story_of(const char *const *records, size_t count)
{
    struct trail_story *story = trail_story_new(TEXT(ID));
    struct error error;
    assert_non_null(story);
    for (size_t i = 0; i < count; i++)
        assert_ok(trail_story_read(story, text_of(records[i]), &error), &error);
    return story;
}

static void assert_written(struct trail_story *story, void (*write)(struct trail_story *, struct buffer *),
                           const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1024 * 1024);
    write(story, &out);
    buffer_append_byte(&out, '\0');
    assert_false(out.failed);
    assert_string_equal(out.bytes, expected);
    buffer_clear(&out);
}

static void what_is_not_of_the_request_is_passed_over(void **state)
{
    (void)state;
    static const char *const strangers[] = {
        "",
        "not json " ID,
        "[\"" ID "\"]",
        "{\"id\":\"x\",\"data\":\"" ID "\"}",
        RECORD("b1", "10:00.000", "\"outcome\":\"sent\",\"request_id\":\"" OTHER "\",\"user_id\":\"" ID "\""),
        RECORD("b2", "10:00.000", "\"request_id\":\"" ID "\""),
        RECORD("b3", "later", "\"outcome\":\"sent\",\"request_id\":\"" ID "\""),
        "{\"id\":7,\"time\":\"2025-11-22T05:10:00Z\",\"data\":{\"outcome\":\"sent\",\"request_id\":\"" ID
        "\"}}",
    };
    struct trail_story *story = story_of(strangers, sizeof strangers / sizeof *strangers);
    assert_int_equal(trail_story_count(story), 0);
    assert_written(story, trail_story_write_lines, "");
    assert_written(story, trail_story_write_table, "");
    trail_story_free(&story);
    assert_null(story);
    assert_null(trail_story_new(TEXT("42")));
}

static void records_come_once_and_in_the_order_of_their_times(void **state)
{
    (void)state;
    static const char *const records[] = {REDEEMED, SENT, SENT, FOLDED};
    struct trail_story *story = story_of(records, sizeof records / sizeof *records);
    assert_int_equal(trail_story_count(story), 3);
    assert_written(story, trail_story_write_lines, FOLDED "\n" SENT "\n" REDEEMED "\n");
    trail_story_free(&story);
}

static void people_read_it_as_a_table(void **state)
{
    (void)state;
    static const char *const records[] = {SENT, REDEEMED, FOLDED, NOTICED};
    struct trail_story *story = story_of(records, sizeof records / sizeof *records);
    assert_written(
        story, trail_story_write_table,
        "request " ID ", user u-1001, tenant acme\n\n"
        "TIME                      WHAT         BY                     DETAIL\n"
        "2025-10-17T10:04:02.494Z  asked        admin u-7, key k3fz9q  link\n"
        "2025-11-22T05:10:00.500Z  suppressed                          coalesced, id " OTHER
        ", folded into this one\n"
        "2025-11-22T05:10:01.004Z  sent         admin u-7, key k3fz9q  relay said 250 2.0.0, attempt 2\n"
        "2025-11-22T05:30:00.000Z  redeemed     key k3fz9q\n"
        "2025-11-22T05:31:02.000Z  notice sent                         id " NOTICE "\n");
    trail_story_free(&story);
}

static void what_strangers_wrote_stays_on_its_line(void **state)
{
    (void)state;
    static const char *const records[] = {
        RECORD("a1", "10:00.000",
               "\"outcome\":\"denied\",\"reason\":\"self_mismatch\",\"request_id\":\"" ID
               "\",\"tenant\":\"ac\\u001b[2Jme\",\"user_id\":\"u\\n\\u202e1\","
               "\"actor\":{\"role\":\"self\",\"id\":\"\\u0007\"}")};
    struct trail_story *story = story_of(records, 1);
    struct buffer out;
    buffer_init(&out, 1024 * 1024);
    trail_story_write_table(story, &out);
    assert_false(out.failed);
    size_t lines = 0;
    for (size_t i = 0; i < out.size; i++) {
        unsigned char byte = (unsigned char)out.bytes[i];
        lines += byte == '\n';
        if ((byte < ' ' && byte != '\n') || byte == 0x7f || byte == 0xe2)
            fail_msg("byte %#x at %zu", byte, i);
    }
    assert_int_equal(lines, 5); /* subject, empty, heading, asked, the record */
    buffer_clear(&out);
    trail_story_free(&story);
}

static void a_story_has_an_end(void **state)
{
    (void)state;
    struct trail_story *story = trail_story_new(TEXT(ID));
    struct error error;
    char record[256];
    for (int i = 0; i <= TRAIL_RECORDS_MOST; i++) {
        snprintf(record, sizeof record,
                 "{\"id\":\"%d\",\"time\":\"2025-11-22T05:10:00Z\",\"data\":{\"outcome\":\"denied\","
                 "\"request_id\":\"" ID "\"}}",
                 i);
        assert_int_equal(trail_story_read(story, text_of(record), &error),
                         i < TRAIL_RECORDS_MOST ? STATUS_OK : STATUS_FULL);
    }
    assert_int_equal(trail_story_count(story), TRAIL_RECORDS_MOST);
    trail_story_free(&story);
}

int main(void)
{
    json_memory_start(); /* as in the program: what jansson makes is not malloc's to free */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_of_the_request_is_passed_over),
        cmocka_unit_test(records_come_once_and_in_the_order_of_their_times),
        cmocka_unit_test(people_read_it_as_a_table),
        cmocka_unit_test(what_strangers_wrote_stays_on_its_line),
        cmocka_unit_test(a_story_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
