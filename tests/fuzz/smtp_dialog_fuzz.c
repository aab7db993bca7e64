/* A relay that is the attacker: whatever it says, every message is answered for once, no more is inside than
 * was taken, and nothing is sent after the dialog is over.
 *
 * An input is a row of turns: a byte says how much the relay says next (its low bits) and whether a message
 * is submitted (its high bit). */
#include "core/smtp/dialog.h"
#include "fuzz.h"

enum { MESSAGES_MOST = 32 };

struct play {
    struct smtp_dialog *dialog;
    int submitted, done[MESSAGES_MOST], numbers[MESSAGES_MOST];
};

static void take_events(struct play *play)
{
    struct smtp_dialog_event event;
    while (smtp_dialog_next_event(play->dialog, &event)) {
        int number = *(int *)event.context;
        HOLDS(number >= 0 && number < play->submitted);
        if (event.kind == SMTP_DIALOG_DONE)
            play->done[number]++;
        HOLDS(play->done[number] <= 1);
    }
}

static void write_out(struct play *play)
{
    struct text output = smtp_dialog_output(play->dialog);
    HOLDS(output.size == 0 || !smtp_dialog_is_over(play->dialog));
    smtp_dialog_written(play->dialog, output.size);
    take_events(play);
}

static void submit(struct play *play)
{
    if (play->submitted == MESSAGES_MOST || smtp_dialog_is_over(play->dialog) ||
        !smtp_dialog_has_room(play->dialog, true))
        return;
    int *number = &play->numbers[play->submitted];
    *number = play->submitted++;
    smtp_dialog_submit(play->dialog, &(struct smtp_message){
                                         .envelope_from = TEXT("no-reply@example.com"),
                                         .recipient = TEXT("kim@example.com"),
                                         .content = TEXT("Subject: x\r\n\r\n.line\r\n"),
                                         .context = number,
                                     });
    take_events(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct smtp_capabilities capabilities = {.pipelining = bytes[0] & 1, .smtputf8 = bytes[0] & 2};
    struct play play = {.dialog = smtp_dialog_new(&capabilities, 4096)};
    HOLDS(play.dialog);
    for (size_t at = 1; at < size;) {
        uint8_t turn = bytes[at++];
        if (turn & 0x80)
            submit(&play);
        if (turn & 0x40)
            write_out(&play);
        size_t wanted = turn & 0x3f, left = size - at;
        struct text said = fuzz_own(bytes + at, wanted < left ? wanted : left);
        smtp_dialog_input(play.dialog, said);
        take_events(&play);
        at += said.size;
        fuzz_disown(&said);
    }
    smtp_dialog_end(play.dialog, SMTP_REASON_CUT);
    take_events(&play);
    for (int i = 0; i < play.submitted; i++)
        HOLDS(play.done[i] == 1);
    smtp_dialog_free(&play.dialog);
    return 0;
}
