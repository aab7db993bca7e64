/* The client's side of SMTP as a state machine over two message slots and a queue of the replies that are
 * due.
 *
 * With PIPELINING a message costs one round trip when more are waiting: its MAIL, RCPT and DATA go behind the
 * content and dot of the one before.  Without it every command waits for its reply.
 *
 * Policy: a reply that nobody asked for, or of a class that does not belong to its command, ends the dialog,
 * and after its end not a byte more comes out.  A refused message costs an RSET, not the connection.  A
 * transaction that stands after DATA can only be left by its dot or by closing: so whoever is not allowed to
 * send the dot ends the dialog. Whether a message may be out is told from the bytes that were written, not
 * from what was meant to be. */
#include "core/smtp/dialog.h"

#include <assert.h>
#include <stdlib.h>

#include "core/smtp/content.h"
#include "core/smtp/dialog_state.h"

/* Bytes of content that start the deadline again: a data block of RFC 5321 4.5.3.2.5. */
#define BLOCK 65536u

struct smtp_dialog *smtp_dialog_new(const struct smtp_capabilities *capabilities, size_t content_limit)
{
    struct smtp_dialog *dialog = calloc(1, sizeof *dialog);
    if (!dialog)
        return NULL;
    dialog->capabilities = *capabilities;
    smtp_reply_parser_init(&dialog->parser);
    buffer_init_secret(&dialog->out,
                       content_limit / 2 * 3 + 8192); /* stuffed at worst by a dot for three bytes */
    return dialog;
}

void smtp_dialog_free(struct smtp_dialog **dialog)
{
    if (!*dialog)
        return;
    buffer_clear(&(*dialog)->out);
    free(*dialog);
    *dialog = NULL;
}

static void emit(struct smtp_dialog *dialog, enum smtp_dialog_event_kind kind, void *context,
                 const struct smtp_result *result)
{
    assert(dialog->event_count < SMTP_EVENTS_LIMIT);
    struct smtp_dialog_event *event =
        &dialog->events[(dialog->event_head + dialog->event_count++) % SMTP_EVENTS_LIMIT];
    *event = (struct smtp_dialog_event){.kind = kind, .context = context};
    if (result)
        event->result = *result;
}

bool smtp_dialog_next_event(struct smtp_dialog *dialog, struct smtp_dialog_event *event)
{
    if (dialog->event_count == 0)
        return false;
    *event = dialog->events[dialog->event_head];
    dialog->event_head = (dialog->event_head + 1) % SMTP_EVENTS_LIMIT;
    dialog->event_count--;
    return true;
}

static uint64_t output_end(const struct smtp_dialog *dialog)
{
    return dialog->written + dialog->out.size - dialog->out_sent;
}

static void expect(struct smtp_dialog *dialog, enum smtp_stage command, const struct smtp_slot *slot)
{
    assert(dialog->due_count < SMTP_DUE_LIMIT);
    if (dialog->due_count == 0)
        dialog->turn++;
    dialog->due[(dialog->due_head + dialog->due_count++) % SMTP_DUE_LIMIT] =
        (struct smtp_due){command, slot == &dialog->slots[1] ? 1u : 0u, output_end(dialog)};
}

void smtp_dialog_done(struct smtp_dialog *dialog, struct smtp_slot *slot, const struct smtp_result *result)
{
    emit(dialog, SMTP_DIALOG_DONE, slot->message.context, result);
    slot->message = (struct smtp_message){0};
    slot->phase = SMTP_SPENT;
}

void smtp_dialog_vacate(struct smtp_dialog *dialog, struct smtp_slot *slot)
{
    *slot = (struct smtp_slot){.phase = SMTP_EMPTY};
    if (slot == smtp_dialog_current(dialog) && smtp_dialog_ahead(dialog)->phase != SMTP_EMPTY)
        dialog->current = !dialog->current;
    dialog->at_dot_told = false;
}

static bool dot_may_be_out(const struct smtp_dialog *dialog, const struct smtp_slot *slot)
{
    return slot->phase == SMTP_CONTENT && dialog->written > slot->dot_begin;
}

/* Where the slot's transaction stands, for the result of one that was broken off. */
static enum smtp_stage stage_of(const struct smtp_dialog *dialog, const struct smtp_slot *slot)
{
    if (slot->phase == SMTP_CONTENT)
        return dot_may_be_out(dialog, slot) ? SMTP_STAGE_DOT : SMTP_STAGE_CONTENT;
    for (unsigned i = 0; slot->phase == SMTP_ENVELOPE && i < dialog->due_count; i++) {
        const struct smtp_due *due = &dialog->due[(dialog->due_head + i) % SMTP_DUE_LIMIT];
        if (&dialog->slots[due->slot] == slot && due->command != SMTP_STAGE_RSET)
            return due->command;
    }
    return SMTP_STAGE_NONE;
}

void smtp_dialog_break_off(struct smtp_dialog *dialog, struct smtp_slot *slot, enum smtp_reason reason,
                           int code)
{
    if (slot->phase == SMTP_EMPTY || slot->phase == SMTP_SPENT)
        return;
    struct smtp_result result = {.reason = reason, .code = code, .stage = stage_of(dialog, slot)};
    bool answered = reason == SMTP_REASON_REPLY;
    result.kind = dot_may_be_out(dialog, slot) && !answered ? SMTP_UNCERTAIN : SMTP_UNAVAILABLE;
    if (reason == SMTP_REASON_CALLER && result.kind == SMTP_UNAVAILABLE)
        result.kind = SMTP_WITHHELD;
    smtp_dialog_done(dialog, slot, &result);
}

/* Whoever calls withholds the first message; the other one is only cut off. */
void smtp_dialog_end(struct smtp_dialog *dialog, enum smtp_reason reason)
{
    smtp_dialog_break_off(dialog, smtp_dialog_current(dialog), reason, 0);
    smtp_dialog_break_off(dialog, smtp_dialog_ahead(dialog),
                          reason == SMTP_REASON_CALLER ? SMTP_REASON_CUT : reason, 0);
    dialog->over = true;
    dialog->due_count = 0;
    dialog->out_sent = 0;
    buffer_reset(&dialog->out);
}

bool smtp_dialog_is_over(const struct smtp_dialog *dialog)
{
    return dialog->over;
}

static void append(struct smtp_dialog *dialog, struct text text)
{
    buffer_append_text(&dialog->out, text);
}

void smtp_dialog_command(struct smtp_dialog *dialog, enum smtp_stage stage, const struct smtp_slot *slot)
{
    const struct smtp_message *message = &slot->message;
    if (stage == SMTP_STAGE_MAIL) {
        append(dialog, TEXT("MAIL FROM:<"));
        append(dialog, message->envelope_from);
        append(dialog, TEXT(">"));
        if (dialog->capabilities.size > 0) {
            append(dialog, TEXT(" SIZE="));
            buffer_append_number(&dialog->out, (long long)message->content.size);
        }
        if (message->needs_smtputf8)
            append(dialog,
                   dialog->capabilities.eight_bit_mime ? TEXT(" BODY=8BITMIME SMTPUTF8") : TEXT(" SMTPUTF8"));
        append(dialog, TEXT("\r\n"));
    } else if (stage == SMTP_STAGE_RCPT) {
        append(dialog, TEXT("RCPT TO:<"));
        append(dialog, message->recipient);
        append(dialog, TEXT(">\r\n"));
    } else {
        append(dialog, stage == SMTP_STAGE_DATA ? TEXT("DATA\r\n") : TEXT("RSET\r\n"));
    }
    expect(dialog, stage, slot);
}

void smtp_dialog_finish_data(struct smtp_dialog *dialog, struct smtp_slot *slot)
{
    if (slot->phase == SMTP_ENVELOPE) {
        smtp_content_append(&dialog->out, slot->message.content);
        slot->phase = SMTP_CONTENT;
    }
    slot->dot_begin = output_end(dialog);
    append(dialog, TEXT(".\r\n"));
    slot->dot_end = output_end(dialog);
    expect(dialog, SMTP_STAGE_DOT, slot);
}

static void begin(struct smtp_dialog *dialog, struct smtp_slot *slot)
{
    slot->phase = SMTP_ENVELOPE;
    smtp_dialog_command(dialog, SMTP_STAGE_MAIL, slot);
    if (dialog->capabilities.pipelining) {
        smtp_dialog_command(dialog, SMTP_STAGE_RCPT, slot);
        smtp_dialog_command(dialog, SMTP_STAGE_DATA, slot);
    }
}

/* Sends whatever may be sent now; after every change. */
static void advance(struct smtp_dialog *dialog)
{
    if (!dialog->over && dialog->reset_due && dialog->due_count == 0) {
        dialog->reset_due = false;
        smtp_dialog_command(dialog, SMTP_STAGE_RSET, smtp_dialog_current(dialog));
    }
    bool pipelining = dialog->capabilities.pipelining;
    if (!dialog->over && smtp_dialog_current(dialog)->phase == SMTP_WAITING &&
        (pipelining || dialog->due_count == 0))
        begin(dialog, smtp_dialog_current(dialog));
    if (!dialog->over && smtp_dialog_ahead(dialog)->phase == SMTP_WAITING && pipelining &&
        smtp_dialog_current(dialog)->phase == SMTP_CONTENT)
        begin(dialog, smtp_dialog_ahead(dialog));
    if (dialog->out.failed)
        smtp_dialog_end(dialog, SMTP_REASON_CUT);
}

bool smtp_dialog_has_room(const struct smtp_dialog *dialog, bool allow_ahead)
{
    enum smtp_phase first = dialog->slots[dialog->current].phase;
    if (dialog->over || dialog->last)
        return false;
    return first == SMTP_EMPTY || (allow_ahead && dialog->capabilities.pipelining && first == SMTP_CONTENT &&
                                   dialog->slots[!dialog->current].phase == SMTP_EMPTY);
}

/* NONE when it may be sent here. */
static enum smtp_reason fault_of(const struct smtp_dialog *dialog, const struct smtp_message *message)
{
    if (message->recipient.size == 0 || !smtp_address_is_safe(message->recipient) ||
        !smtp_address_is_safe(message->envelope_from))
        return SMTP_REASON_ADDRESS;
    if (!smtp_content_is_safe(message->content))
        return SMTP_REASON_CONTENT;
    if (message->needs_smtputf8 && !dialog->capabilities.smtputf8)
        return SMTP_REASON_SMTPUTF8;
    if (dialog->capabilities.size > 0 && message->content.size > dialog->capabilities.size)
        return SMTP_REASON_SIZE;
    return SMTP_REASON_NONE;
}

void smtp_dialog_submit(struct smtp_dialog *dialog, const struct smtp_message *message)
{
    assert(smtp_dialog_has_room(dialog, true));
    struct smtp_slot *slot = smtp_dialog_current(dialog)->phase == SMTP_EMPTY ? smtp_dialog_current(dialog)
                                                                              : smtp_dialog_ahead(dialog);
    *slot = (struct smtp_slot){.message = *message, .phase = SMTP_WAITING};
    slot->message.needs_smtputf8 = message->needs_smtputf8 ||
                                   smtp_address_is_international(message->recipient) ||
                                   smtp_address_is_international(message->envelope_from);
    enum smtp_reason fault = fault_of(dialog, &slot->message);
    if (fault != SMTP_REASON_NONE) {
        struct smtp_result result = {.kind = SMTP_REFUSED, .reason = fault, .permanent = true};
        smtp_dialog_done(dialog, slot, &result);
        *slot = (struct smtp_slot){.phase = SMTP_EMPTY};
    }
    advance(dialog);
}

struct text smtp_dialog_output(const struct smtp_dialog *dialog)
{
    struct text all = buffer_text(&dialog->out);
    return (struct text){all.bytes + dialog->out_sent, all.size - dialog->out_sent};
}

void smtp_dialog_written(struct smtp_dialog *dialog, size_t size)
{
    assert(size <= dialog->out.size - dialog->out_sent);
    struct smtp_slot *slot = smtp_dialog_current(dialog);
    uint64_t before = dialog->written;
    dialog->written += size;
    dialog->out_sent += size;
    if (dialog->out_sent == dialog->out.size) {
        buffer_reset(&dialog->out);
        dialog->out_sent = 0;
    }
    if (slot->phase == SMTP_CONTENT) {
        if (before / BLOCK != dialog->written / BLOCK ||
            (before < slot->dot_end && dialog->written >= slot->dot_end))
            dialog->turn++;
        if (!dialog->at_dot_told && dot_may_be_out(dialog, slot)) {
            dialog->at_dot_told = true;
            emit(dialog, SMTP_DIALOG_AT_DOT, slot->message.context, NULL);
        }
    }
}

void *smtp_dialog_dot_unsent(const struct smtp_dialog *dialog)
{
    const struct smtp_slot *slot = &dialog->slots[dialog->current];
    return slot->phase == SMTP_CONTENT && dialog->written <= slot->dot_begin ? slot->message.context : NULL;
}

void smtp_dialog_input(struct smtp_dialog *dialog, struct text bytes)
{
    struct smtp_reply reply;
    while (!dialog->over) {
        enum smtp_reply_state state = smtp_reply_read(&dialog->parser, &bytes, &reply);
        if (state == SMTP_REPLY_MORE)
            break;
        if (state == SMTP_REPLY_BROKEN)
            smtp_dialog_end(dialog, SMTP_REASON_PROTOCOL);
        else
            smtp_dialog_take_reply(dialog, &reply);
    }
    advance(dialog);
}

enum smtp_stage smtp_dialog_waits_for(const struct smtp_dialog *dialog, unsigned *turn)
{
    const struct smtp_slot *slot = &dialog->slots[dialog->current];
    const struct smtp_due *head = smtp_dialog_head_due(dialog);
    *turn = dialog->turn;
    if (dialog->over || !head)
        return SMTP_STAGE_NONE;
    if (head->command == SMTP_STAGE_DOT && slot->phase == SMTP_CONTENT && dialog->written < slot->dot_end)
        return SMTP_STAGE_CONTENT;
    return head->command;
}

bool smtp_dialog_take_back(struct smtp_dialog *dialog, void **context)
{
    struct smtp_slot *slot = smtp_dialog_ahead(dialog);
    if (slot->phase != SMTP_WAITING && slot->phase != SMTP_ENVELOPE)
        return false;
    *context = slot->message.context;
    dialog->last = true;
    slot->message = (struct smtp_message){0};
    slot->phase = SMTP_SPENT;
    return true;
}

void smtp_dialog_quit(struct smtp_dialog *dialog)
{
    if (dialog->over || dialog->last || smtp_dialog_current(dialog)->phase != SMTP_EMPTY)
        return;
    dialog->last = true;
    append(dialog, TEXT("QUIT\r\n"));
    expect(dialog, SMTP_STAGE_QUIT, smtp_dialog_current(dialog));
    advance(dialog);
}
