/* A buffer never passes its cap, and says so once. */
#include "support.h"

#include <limits.h>

#include "core/buffer.h"

static void a_write_that_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 8);
    buffer_append_string(&buffer, "12345");
    buffer_append_string(&buffer, "6789");
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 5);
    buffer_append_string(&buffer, "6");
    assert_int_equal(buffer.size, 5);
    buffer_reset(&buffer);
    buffer_append_string(&buffer, "12345678");
    assert_false(buffer.failed);
    assert_memory_equal(buffer.bytes, "12345678", 8);
    buffer_clear(&buffer);
}

static void bytes_taken_off_the_front_are_gone(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init_secret(&buffer, 4096);
    for (int i = 0; i < 300; i++)
        buffer_append_number(&buffer, i % 10);
    buffer_consume(&buffer, 295);
    assert_int_equal(buffer.size, 5);
    assert_memory_equal(buffer.bytes, "56789", 5);
    buffer_clear(&buffer);
    assert_null(buffer.bytes);
}

static void numbers_are_written_in_decimal(void **state)
{
    (void)state;
    static const struct {
        long long number;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-10, "-10"},
                 {LLONG_MAX, "9223372036854775807"},
                 {LLONG_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer buffer;
        buffer_init(&buffer, 64);
        buffer_append_number(&buffer, cases[i].number);
        assert_true(text_equal(buffer_text(&buffer), text_of(cases[i].text)));
        buffer_clear(&buffer);
    }
}

/* Given a buffer of 4096 bytes that held "secret" in some way. */
static void hold_and_take_off(struct buffer *buffer)
{
    buffer_append_string(buffer, "0123456789secret");
    buffer_consume(buffer, 10);
}

static void hold_and_cut_short(struct buffer *buffer)
{
    buffer_append_string(buffer, "0123456789secret");
    buffer->size = 3;
}

static void write_into_room(struct buffer *buffer)
{
    buffer_append_string(buffer, "begin");
    memcpy(buffer_reserve(buffer, 3000) + 2900, "secret", 6);
}

static void hold_byte_by_byte(struct buffer *buffer)
{
    for (const char *at = "secret"; *at; at++)
        buffer_append_byte(buffer, *at);
}

static void hold_again_after_a_wipe(struct buffer *buffer)
{
    buffer_append_string(buffer, "first");
    buffer_reset(buffer);
    buffer_append_string(buffer, "the second secret");
}

static void hold_and_grow(struct buffer *buffer)
{
    buffer_append_string(buffer, "0123456789secret");
    buffer_consume(buffer, 10);
    buffer_prepare(buffer, 8000);
    buffer_append_string(buffer, " and more");
    buffer_consume(buffer, 4);
}

static void what_a_secret_buffer_ever_held_is_wiped(void **state)
{
    (void)state;
    static void (*const ways[])(struct buffer *) = {hold_and_take_off,       hold_and_cut_short,
                                                    write_into_room,         hold_byte_by_byte,
                                                    hold_again_after_a_wipe, hold_and_grow};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct buffer buffer;
        buffer_init_secret(&buffer, 16384);
        assert_true(buffer_prepare(&buffer, 4096));
        memset(buffer.bytes, 0, buffer.capacity);
        ways[i](&buffer);
        if (i + 1 == sizeof ways / sizeof *ways) /* the memory is another one */
            memset(buffer.bytes + buffer.touched, 0, buffer.capacity - buffer.touched);
        buffer_reset(&buffer);
        for (size_t at = 0; at < buffer.capacity; at++)
            if (buffer.bytes[at])
                fail_msg("way %zu leaves a byte at %zu", i, at);
        buffer_clear(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_does_not_fit_changes_nothing),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(bytes_taken_off_the_front_are_gone),
        cmocka_unit_test(what_a_secret_buffer_ever_held_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
