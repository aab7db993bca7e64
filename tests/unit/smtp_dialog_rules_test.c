/* What a dialog promises apart from its words: when its owner is asked, how many it takes, which wait runs,
 * and which bytes never go onto the wire. */
#include "support.h"

#include "core/buffer.h"
#include "core/smtp/content.h"
#include "core/smtp/dialog.h"

#define OK3 "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"

/* The owner must be asked as long as nothing of the dot is written, and the dot counts as out from its first
 * byte. */
static void the_dot_is_out_from_its_first_byte(void **state)
{
    (void)state;
    const struct smtp_capabilities capabilities = {.pipelining = true};
    const struct smtp_message message = {.recipient = TEXT("a@example.com"), .content = TEXT("a\r\n")};
    for (size_t written = 0; written <= 6; written++) {
        struct smtp_dialog *dialog = smtp_dialog_new(&capabilities, 100);
        struct smtp_message with_context = message;
        struct smtp_dialog_event event;
        with_context.context = &written;
        smtp_dialog_submit(dialog, &with_context);
        smtp_dialog_written(dialog, smtp_dialog_output(dialog).size);
        smtp_dialog_input(dialog, TEXT(OK3));
        assert_int_equal(smtp_dialog_output(dialog).size, 6);
        smtp_dialog_written(dialog, written);
        assert_true((smtp_dialog_dot_unsent(dialog) == &written) == (written <= 3));
        smtp_dialog_end(dialog, SMTP_REASON_CALLER);
        if (written > 3) {
            assert_true(smtp_dialog_next_event(dialog, &event));
            assert_int_equal(event.kind, SMTP_DIALOG_AT_DOT);
        }
        assert_true(smtp_dialog_next_event(dialog, &event));
        assert_int_equal(event.result.kind, written > 3 ? SMTP_UNCERTAIN : SMTP_WITHHELD);
        assert_int_equal(smtp_dialog_output(dialog).size, 0);
        smtp_dialog_free(&dialog);
    }
}

static void room_is_one_and_one_ahead_of_content(void **state)
{
    (void)state;
    struct smtp_capabilities capabilities = {.pipelining = true};
    const struct smtp_message message = {.recipient = TEXT("a@example.com"), .content = TEXT("a\r\n")};
    for (int pipelining = 0; pipelining < 2; pipelining++) {
        capabilities.pipelining = pipelining;
        struct smtp_dialog *dialog = smtp_dialog_new(&capabilities, 100);
        assert_true(smtp_dialog_has_room(dialog, false));
        smtp_dialog_submit(dialog, &message);
        assert_false(smtp_dialog_has_room(dialog, true));
        for (int i = 0; i < 3; i++) {
            smtp_dialog_written(dialog, smtp_dialog_output(dialog).size);
            if (!pipelining || i == 0)
                smtp_dialog_input(dialog, pipelining ? TEXT(OK3)
                                          : i < 2    ? TEXT("250 ok\r\n")
                                                     : TEXT("354 go\r\n"));
        }
        assert_false(smtp_dialog_has_room(dialog, false));
        assert_int_equal(smtp_dialog_has_room(dialog, true), pipelining);
        smtp_dialog_free(&dialog);
    }
}

static void stages_have_their_own_waits(void **state)
{
    (void)state;
    const struct smtp_capabilities capabilities = {.pipelining = true};
    const struct smtp_message message = {.recipient = TEXT("a@example.com"), .content = TEXT("a\r\n")};
    struct smtp_dialog *dialog = smtp_dialog_new(&capabilities, 100);
    unsigned turn, last;
    assert_int_equal(smtp_dialog_waits_for(dialog, &last), SMTP_STAGE_NONE);
    smtp_dialog_submit(dialog, &message);
    assert_int_equal(smtp_dialog_waits_for(dialog, &turn), SMTP_STAGE_MAIL);
    assert_int_not_equal(turn, last);
    smtp_dialog_written(dialog, smtp_dialog_output(dialog).size);
    static const struct {
        const char *reply;
        enum smtp_stage stage;
    } steps[] = {
        {"250 ok\r\n", SMTP_STAGE_RCPT}, {"250 ok\r\n", SMTP_STAGE_DATA}, {"354 go\r\n", SMTP_STAGE_CONTENT}};
    for (size_t i = 0; i < 3; i++) {
        last = turn;
        smtp_dialog_input(dialog, (struct text){steps[i].reply, 3}); /* half a reply is no progress */
        smtp_dialog_waits_for(dialog, &turn);
        assert_int_equal(turn, last);
        smtp_dialog_input(dialog, text_of(steps[i].reply + 3));
        assert_int_equal(smtp_dialog_waits_for(dialog, &turn), steps[i].stage);
        assert_int_not_equal(turn, last);
    }
    last = turn;
    smtp_dialog_written(dialog, smtp_dialog_output(dialog).size);
    assert_int_equal(smtp_dialog_waits_for(dialog, &turn), SMTP_STAGE_DOT);
    assert_int_not_equal(turn, last);
    smtp_dialog_free(&dialog);
}

static void content_is_stuffed(void **state)
{
    static const struct {
        const char *from, *to; /* NULL: not safe */
    } table[] = {
        {"a\r\n", "a\r\n"},
        {".\r\n", "..\r\n"},
        {"..\r\n.a\r\n\r\n.\r\n", "...\r\n..a\r\n\r\n..\r\n"},
        {"a.\r\n b.\r\n", "a.\r\n b.\r\n"},
        {"\r\n", "\r\n"},
        {"", NULL},
        {"a", NULL},
        {"a\n", NULL},
        {"a\r", NULL},
        {"a\r\r\n", NULL},
        {"a\n.\r\n", NULL},
        {"a\r.\r\n", NULL},
        {"a\n\rb\r\n", NULL},
        {"a\r\nb\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer out;
        buffer_init(&out, 1000);
        assert_int_equal(smtp_content_is_safe(text_of(table[i].from)), table[i].to != NULL);
        if (table[i].to) {
            smtp_content_append(&out, text_of(table[i].from));
            assert_true(text_equal(buffer_text(&out), text_of(table[i].to)));
        }
        buffer_clear(&out);
    }
    assert_false(smtp_content_is_safe(TEXT("a\0b\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dot_is_out_from_its_first_byte),
        cmocka_unit_test(room_is_one_and_one_ahead_of_content),
        cmocka_unit_test(stages_have_their_own_waits),
        cmocka_unit_test(content_is_stuffed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
