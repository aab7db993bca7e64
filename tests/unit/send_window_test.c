#include "support.h"

#include "producer/send_window.h"

static void write_settled(struct send_window *window, struct buffer *out)
{
    const struct send_entry *entry;
    while ((entry = send_window_oldest(window)) != NULL) {
        send_entry_write(entry, out);
        send_window_drop(window);
    }
}

static void assert_written(struct buffer *out, const char *expected)
{
    buffer_append_byte(out, '\0');
    assert_false(out->failed);
    assert_string_equal(out->bytes, expected);
    buffer_reset(out);
}

static void results_come_in_the_order_of_lines_however_they_are_settled(void **state)
{
    (void)state;
    struct send_window *window = send_window_new(3, NULL);
    struct buffer out;
    buffer_init(&out, 4096);
    struct send_entry *first = send_window_begin(window, 1);
    struct send_entry *second = send_window_begin(window, 2);
    struct send_entry *third = send_window_begin(window, 5);
    assert_true(send_window_is_full(window));
    send_entry_settle(third, SEND_VALID, "", "");
    send_entry_settle(second, SEND_REFUSED, "/user/email", "says \"no\"");
    write_settled(window, &out);
    assert_int_equal(out.size, 0);
    memcpy(first->id, "00000000-0000-7000-8000-000000000001", sizeof first->id);
    send_entry_settle(first, SEND_ACCEPTED, "", "");
    write_settled(window, &out);
    assert_written(
        &out, "{\"line\":1,\"id\":\"00000000-0000-7000-8000-000000000001\",\"status\":\"accepted\"}\n"
              "{\"line\":2,\"status\":\"refused\",\"field\":\"/user/email\",\"error\":\"says \\\"no\\\"\"}\n"
              "{\"line\":5,\"status\":\"valid\"}\n");
    assert_int_equal(send_window_size(window), 0);
    buffer_clear(&out);
    send_window_free(&window);
}

static void a_failure_says_whether_kafka_may_have_it(void **state)
{
    (void)state;
    struct send_window *window = send_window_new(2, NULL);
    struct buffer out;
    buffer_init(&out, 4096);
    struct send_entry *entry = send_window_begin(window, 1);
    entry->maybe_published = true;
    send_entry_settle(entry, SEND_FAILED, "", "no answer");
    send_entry_settle(send_window_begin(window, 2), SEND_FAILED, "", "not sent");
    write_settled(window, &out);
    assert_written(&out,
                   "{\"line\":1,\"status\":\"failed\",\"maybe_published\":true,\"error\":\"no answer\"}\n"
                   "{\"line\":2,\"status\":\"failed\",\"maybe_published\":false,\"error\":\"not sent\"}\n");
    buffer_clear(&out);
    send_window_free(&window);
}

static void an_entry_that_is_taken_back_leaves_no_line(void **state)
{
    (void)state;
    struct send_window *window = send_window_new(2, NULL);
    send_entry_settle(send_window_begin(window, 1), SEND_REFUSED, "", "no");
    send_window_cancel(window, send_window_begin(window, 2));
    assert_int_equal(send_window_size(window), 1);
    send_window_drop(window);
    assert_null(send_window_oldest(window));
    send_window_free(&window);
}

static void the_window_goes_round_any_number_of_times(void **state)
{
    (void)state;
    int context;
    struct send_window *window = send_window_new(5, &context);
    struct send_entry *entries[1001];
    uint64_t begun = 0, settled = 0, given = 0;
    while (given < 1000) {
        while (!send_window_is_full(window) && begun < 1000) {
            begun++;
            entries[begun] = send_window_begin(window, begun);
            assert_ptr_equal(entries[begun]->context, &context);
        }
        for (uint64_t last = begun; last > settled; last--)
            send_entry_settle(entries[last], SEND_REFUSED, "", "again");
        settled = begun;
        for (unsigned i = 0; i < 1 + given % 5; i++) {
            const struct send_entry *oldest = send_window_oldest(window);
            if (!oldest)
                break;
            assert_int_equal(oldest->line, ++given);
            send_window_drop(window);
        }
    }
    send_window_free(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_the_order_of_lines_however_they_are_settled),
        cmocka_unit_test(a_failure_says_whether_kafka_may_have_it),
        cmocka_unit_test(an_entry_that_is_taken_back_leaves_no_line),
        cmocka_unit_test(the_window_goes_round_any_number_of_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
