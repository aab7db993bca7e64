/* The inside of a dialog, shared by its two files only. */
#ifndef CORE_SMTP_DIALOG_STATE_H
#define CORE_SMTP_DIALOG_STATE_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/smtp/dialog.h"

enum smtp_phase {
    SMTP_EMPTY,
    SMTP_WAITING,  /* no command of it was sent */
    SMTP_ENVELOPE, /* MAIL, RCPT, DATA */
    SMTP_CONTENT,  /* 354 came: content and dot are output or written */
    SMTP_SPENT,    /* its DONE is out, replies to its commands are still due */
};

struct smtp_slot {
    struct smtp_message message;
    enum smtp_phase phase;
    bool mail_accepted, recipient_refused;
    uint64_t dot_begin, dot_end; /* of the terminator's bytes, counted from the dialog's start */
};

struct smtp_due {
    enum smtp_stage command;
    unsigned slot;
    uint64_t end; /* behind the command's last byte: an answer that comes before it is written is none */
};

#define SMTP_DUE_LIMIT    12
#define SMTP_EVENTS_LIMIT 8

struct smtp_dialog {
    struct smtp_capabilities capabilities;
    struct smtp_slot slots[2];
    unsigned current; /* the slot on its way; the other one is ahead */
    struct smtp_due due[SMTP_DUE_LIMIT];
    unsigned due_head, due_count;
    struct smtp_dialog_event events[SMTP_EVENTS_LIMIT];
    unsigned event_head, event_count;
    struct smtp_reply_parser parser;
    struct buffer out;
    size_t out_sent;  /* bytes of out that are written */
    uint64_t written; /* bytes since the start */
    unsigned turn;
    bool reset_due, at_dot_told, last, over;
};

static inline struct smtp_slot *smtp_dialog_current(struct smtp_dialog *dialog)
{
    return &dialog->slots[dialog->current];
}

static inline struct smtp_slot *smtp_dialog_ahead(struct smtp_dialog *dialog)
{
    return &dialog->slots[!dialog->current];
}

static inline const struct smtp_due *smtp_dialog_head_due(const struct smtp_dialog *dialog)
{
    return dialog->due_count ? &dialog->due[dialog->due_head] : NULL;
}

/* Makes the command output and its reply due. */
void smtp_dialog_command(struct smtp_dialog *dialog, enum smtp_stage stage, const struct smtp_slot *slot);
/* Content and dot, or for a slot that is spent the dot alone. */
void smtp_dialog_finish_data(struct smtp_dialog *dialog, struct smtp_slot *slot);

/* The slot's DONE; what is due for it stays due. */
void smtp_dialog_done(struct smtp_dialog *dialog, struct smtp_slot *slot, const struct smtp_result *result);
/* The slot's transaction is over on the wire too: the one ahead moves up. */
void smtp_dialog_vacate(struct smtp_dialog *dialog, struct smtp_slot *slot);
/* DONE for a message without an answer, or with a 421; nothing for one that has had it. */
void smtp_dialog_break_off(struct smtp_dialog *dialog, struct smtp_slot *slot, enum smtp_reason reason,
                           int code);

void smtp_dialog_take_reply(struct smtp_dialog *dialog, const struct smtp_reply *reply);

#endif
