/* The requests of `send` that are under way: begun in the order of lines, settled in any order, given out in
 * the order of lines again. */
#ifndef PRODUCER_SEND_WINDOW_H
#define PRODUCER_SEND_WINDOW_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/event.h"
#include "core/status.h"

enum send_state {
    SEND_UNDER_WAY,
    SEND_ACCEPTED, /* Kafka has it durably */
    SEND_VALID,    /* would be sent (--dry-run) */
    SEND_REFUSED,  /* for what it is; never sent */
    SEND_FAILED    /* Kafka did not acknowledge it */
};

struct send_entry {
    void *context; /* the caller's, the same for all entries of a window */
    uint64_t line;
    char id[EVENT_ID_SIZE]; /* "" where it got none */
    enum send_state state;
    bool maybe_published; /* SEND_FAILED, and yet Kafka may have it */
    enum reason denied;   /* under way is the audit record of this refusal; REASON_NONE: the request */
    char *refusal;        /* owned; "field\0sentence" of SEND_REFUSED and SEND_FAILED */
};

struct send_window;

/* `capacity`: entries, at least 1.  NULL: no memory. */
struct send_window *send_window_new(size_t capacity, void *context);
void send_window_free(struct send_window **window);

bool send_window_is_full(const struct send_window *window);
size_t send_window_size(const struct send_window *window); /* entries begun and not given out */

/* A fresh entry, under way; it stays where it is until it is given out.  Never of a full window. */
struct send_entry *send_window_begin(struct send_window *window, uint64_t line);

/* Takes the entry begun last back. */
void send_window_cancel(struct send_window *window, struct send_entry *entry);

/* `field` may be empty.  Without memory the sentence is left out. */
void send_entry_settle(struct send_entry *entry, enum send_state state, const char *field,
                       const char *sentence);

/* The oldest entry, when it is settled; NULL: it is under way, or there is none.  send_window_drop lets it
 * go. */
const struct send_entry *send_window_oldest(const struct send_window *window);
void send_window_drop(struct send_window *window);

/* Appends the entry's result line: {"line":2,"status":"refused","field":"/user/email","error":"…"}. */
void send_entry_write(const struct send_entry *entry, struct buffer *out);

#endif
