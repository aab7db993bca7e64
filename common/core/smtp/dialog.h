/* The client's side of an SMTP connection after EHLO and AUTH: bytes in, bytes out (RFC 5321, RFC 2920).
 * Pure: the owner moves the bytes, keeps the deadlines and answers for the final dot.
 *
 * At most two messages are inside: one on its way, and one ahead whose MAIL, RCPT and DATA go out in the same
 * group as the first one's content and dot (only with PIPELINING).  Whoever calls input, submit, content or
 * written then takes the events and looks for output. */
#ifndef CORE_SMTP_DIALOG_H
#define CORE_SMTP_DIALOG_H

#include "core/smtp/capabilities.h"
#include "core/smtp/result.h"
#include "core/status.h"

struct smtp_dialog;

/* Bytes are the caller's and stay until the message's DONE. */
struct smtp_message {
    struct text envelope_from; /* may be empty: the null reverse-path */
    struct text recipient;
    struct text content; /* lines end in CRLF, not dot-stuffed, last line closed */
    bool needs_smtputf8; /* also seen from bytes over 127 in the addresses */
    void *context;       /* comes back in the events */
};

enum smtp_dialog_event_kind {
    SMTP_DIALOG_AT_DOT, /* the final dot, or a part of it, was written */
    SMTP_DIALOG_DONE,   /* `result` stands; the message is forgotten */
};

struct smtp_dialog_event {
    enum smtp_dialog_event_kind kind;
    void *context;
    struct smtp_result result;
};

/* NULL without memory.  `content_limit`: bytes of the longest message. */
struct smtp_dialog *smtp_dialog_new(const struct smtp_capabilities *capabilities, size_t content_limit);
void smtp_dialog_free(struct smtp_dialog **dialog); /* without events: end it first */

/* Takes a message now: when none is on its way or, with `ahead`, behind one whose content has begun. */
bool smtp_dialog_has_room(const struct smtp_dialog *dialog, bool ahead);

/* Only when it has room.  A message that must not be sent here is DONE at once, refused. */
void smtp_dialog_submit(struct smtp_dialog *dialog, const struct smtp_message *message);

/* What is to be written; smtp_dialog_written says how much of it was. */
struct text smtp_dialog_output(const struct smtp_dialog *dialog);
void smtp_dialog_written(struct smtp_dialog *dialog, size_t size);

/* The message whose final dot stands in the output and nothing of it is written, or NULL.  Ask its owner
 * before each write; if it must not go, smtp_dialog_end(dialog, SMTP_REASON_CALLER). */
void *smtp_dialog_dot_unsent(const struct smtp_dialog *dialog);

/* Bytes from the relay. */
void smtp_dialog_input(struct smtp_dialog *dialog, struct text bytes);

/* Takes the next event; false when there is none. */
bool smtp_dialog_next_event(struct smtp_dialog *dialog, struct smtp_dialog_event *event);

/* What it waits for, NONE when idle: the deadline that runs. `turn` changes whenever another wait has begun.
 */
enum smtp_stage smtp_dialog_waits_for(const struct smtp_dialog *dialog, unsigned *turn);

/* Nothing more can be sent or understood: close the connection.  Every message has had its DONE. */
bool smtp_dialog_is_over(const struct smtp_dialog *dialog);

/* The owner ends it: `reason` CUT, DEADLINE, QUEUE or CALLER.  Each message inside becomes DONE: uncertain
 * where a part of its dot was written, else unavailable; with CALLER the one on its way is withheld. */
void smtp_dialog_end(struct smtp_dialog *dialog, enum smtp_reason reason);

/* Takes the message ahead out again (its dot is not written): true when there was one.  Its commands cannot
 * be taken back, so the dialog is over when the first message has its answer. */
bool smtp_dialog_take_back(struct smtp_dialog *dialog, void **context);

/* When idle: QUIT becomes output; the reply to it ends the dialog. */
void smtp_dialog_quit(struct smtp_dialog *dialog);

#endif
