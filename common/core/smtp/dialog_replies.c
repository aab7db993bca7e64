/* What each reply means for the message that it belongs to (RFC 5321 4.3.2, RFC 2920 3.1).
 *
 * Policy: 2xx, 4xx and 5xx decide; 421 ends the connection and is nobody's fault; any other class where it
 * does not belong means that the two sides no longer speak of the same thing, and the dialog ends. */
#include "core/smtp/dialog_state.h"

static void refuse(struct smtp_dialog *dialog, struct smtp_slot *slot, enum smtp_stage stage,
                   const struct smtp_reply *reply)
{
    if (slot->phase == SMTP_SPENT)
        return;
    struct smtp_result result = {
        .kind = SMTP_REFUSED,
        .stage = stage,
        .reason = SMTP_REASON_REPLY,
        .permanent = reply->code >= 500,
        .code = reply->code,
        .enhanced = reply->enhanced,
    };
    smtp_dialog_done(dialog, slot, &result);
}

/* MAIL and RCPT; false when the reply does not belong to the command. */
static bool take_envelope_reply(struct smtp_dialog *dialog, struct smtp_slot *slot, enum smtp_stage stage,
                                const struct smtp_reply *reply)
{
    bool accepted = reply->code < 300;
    if (reply->code >= 300 && reply->code < 400)
        return false;
    if (accepted && stage == SMTP_STAGE_MAIL)
        slot->mail_accepted = true;
    if (!accepted) {
        refuse(dialog, slot, stage, reply);
        slot->recipient_refused = slot->recipient_refused || stage == SMTP_STAGE_RCPT;
    }
    if (dialog->capabilities.pipelining)
        return true;
    if (accepted) {
        smtp_dialog_command(dialog, stage == SMTP_STAGE_MAIL ? SMTP_STAGE_RCPT : SMTP_STAGE_DATA, slot);
    } else {
        dialog->reset_due = slot->mail_accepted;
        smtp_dialog_vacate(dialog, slot);
    }
    return true;
}

static bool take_data_reply(struct smtp_dialog *dialog, struct smtp_slot *slot,
                            const struct smtp_reply *reply)
{
    if (reply->code >= 400) {
        refuse(dialog, slot, SMTP_STAGE_DATA, reply);
        dialog->reset_due = slot->mail_accepted;
        smtp_dialog_vacate(dialog, slot);
        return true;
    }
    /* Refused, and yet asked for the content: an empty message to nobody (RFC 2920 3.1).  Never where the
     * recipient was accepted: that one would get it. */
    if (reply->code != 354 ||
        (slot->phase == SMTP_SPENT && (!slot->recipient_refused || !slot->mail_accepted)))
        return false;
    smtp_dialog_finish_data(dialog, slot);
    return true;
}

static bool take_dot_reply(struct smtp_dialog *dialog, struct smtp_slot *slot, const struct smtp_reply *reply)
{
    bool accepted = reply->code < 300;
    if (reply->code >= 300 && reply->code < 400)
        return false;
    if (slot->phase == SMTP_SPENT) {
        if (dialog->written < slot->dot_end)
            return false;
        dialog->reset_due = true;
        smtp_dialog_vacate(dialog, slot);
        return true;
    }
    if (dialog->written < slot->dot_end) {
        /* Answered before it was asked: no more of it is sent.  A no is a no; a yes to half a message is
         * none. */
        if (accepted) {
            struct smtp_result result = {
                .kind = SMTP_UNCERTAIN, .stage = SMTP_STAGE_DOT, .reason = SMTP_REASON_PROTOCOL};
            smtp_dialog_done(dialog, slot, &result);
        }
        refuse(dialog, slot, SMTP_STAGE_CONTENT, reply);
        return false;
    }
    if (accepted) {
        struct smtp_result result = {
            .kind = SMTP_ACCEPTED, .stage = SMTP_STAGE_DOT, .code = reply->code, .enhanced = reply->enhanced};
        smtp_dialog_done(dialog, slot, &result);
    }
    refuse(dialog, slot, SMTP_STAGE_DOT, reply);
    smtp_dialog_vacate(dialog, slot);
    if (dialog->last)
        smtp_dialog_end(dialog, SMTP_REASON_CUT);
    return true;
}

static bool take_answer(struct smtp_dialog *dialog, const struct smtp_due *asked,
                        const struct smtp_reply *reply)
{
    struct smtp_slot *slot = &dialog->slots[asked->slot];
    switch (asked->command) {
    case SMTP_STAGE_MAIL:
    case SMTP_STAGE_RCPT:
        return take_envelope_reply(dialog, slot, asked->command, reply);
    case SMTP_STAGE_DATA:
        return take_data_reply(dialog, slot, reply);
    case SMTP_STAGE_DOT:
        return take_dot_reply(dialog, slot, reply);
    default: /* after QUIT nothing fits: it is the end */
        return asked->command == SMTP_STAGE_RSET && reply->code < 300;
    }
}

void smtp_dialog_take_reply(struct smtp_dialog *dialog, const struct smtp_reply *reply)
{
    const struct smtp_due *head = smtp_dialog_head_due(dialog);
    if (!head) {
        smtp_dialog_end(dialog, reply->code == 421 ? SMTP_REASON_CUT : SMTP_REASON_PROTOCOL);
        return;
    }
    struct smtp_due asked = *head;
    if (reply->code == 421) {
        if (asked.command != SMTP_STAGE_RSET && asked.command != SMTP_STAGE_QUIT)
            smtp_dialog_break_off(dialog, &dialog->slots[asked.slot], SMTP_REASON_REPLY, 421);
        smtp_dialog_end(dialog, SMTP_REASON_CUT);
        return;
    }
    bool asked_already = asked.command == SMTP_STAGE_DOT || dialog->written >= asked.end;
    if (!asked_already || !take_answer(dialog, &asked, reply))
        smtp_dialog_end(dialog, SMTP_REASON_PROTOCOL);
    if (dialog->over)
        return;
    dialog->due_head = (dialog->due_head + 1) % SMTP_DUE_LIMIT;
    dialog->due_count--;
    dialog->turn++;
}
