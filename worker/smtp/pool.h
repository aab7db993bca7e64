/* Mail to one relay over a few kept connections, on the caller's event loop.
 *
 * A submission ends in exactly one done().  Callbacks come from the event loop only, never from inside
 * submit, cancel or abort (but from inside free); they may submit, cancel and abort, and must not free the
 * pool. */
#ifndef WORKER_SMTP_POOL_H
#define WORKER_SMTP_POOL_H

#include "core/smtp/result.h"
#include "core/status.h"
#include "worker/smtp/settings.h"

struct event_base;
struct smtp_pool;
struct smtp_delivery; /* one submission under way; the pool's, valid until its done() is called */

/* All of it stays the caller's and unchanged until done(). */
struct smtp_submission {
    struct text recipient;
    struct text
        message; /* lines end in CRLF, last line closed, not dot-stuffed; at most settings.message_limit */
    bool needs_smtputf8; /* also seen from bytes over 127 in the address */
    void *context;
    /* Asked right before every write that carries the final dot; false: nothing of it is written,
     * done(withheld). */
    bool (*may_send_dot)(void *context);
    /* After the write that may have carried it: from here on only the relay knows.  May be NULL. */
    void (*at_dot)(void *context);
    void (*done)(void *context, const struct smtp_result *result);
};

/* What the breaker and the metrics want to know; every member may be NULL. */
struct smtp_pool_observer {
    void *context;
    void (*connected)(void *context);
    /* One attempt to connect failed (while smtp_pool_state shows open ones, mails still go out over those);
     * `reason` is CONNECT, TLS, AUTH or DEADLINE, the sentence names relay and cause. */
    void (*connect_failed)(void *context, enum smtp_reason reason, const struct error *error);
};

struct smtp_pool_state {
    size_t open, connecting, busy; /* connections; busy is a part of open */
    size_t queued, under_way;      /* submissions without and with a connection */
    unsigned long long connects, connect_failures, moved, accepted, uncertain; /* since the start */
};

/* Settings are copied.  Nothing is connected before the first submission (or smtp_pool_connect). */
enum status smtp_pool_new(struct event_base *base, const struct smtp_settings *settings,
                          const struct smtp_pool_observer *observer, struct smtp_pool **pool,
                          struct error *error) WARN_UNUSED;

/* Cuts all connections; whatever is not done is done before it returns (uncertain at the dot, else
 * unavailable). */
void smtp_pool_free(struct smtp_pool **pool);

/* How many more submissions it takes now. */
size_t smtp_pool_room(const struct smtp_pool *pool);

/* STATUS_FULL without room, STATUS_UNAVAILABLE when draining; then done() is never called.  `*delivery` may
 * be NULL. */
enum status smtp_pool_submit(struct smtp_pool *pool, const struct smtp_submission *submission,
                             struct smtp_delivery **delivery, struct error *error) WARN_UNUSED;

/* Not to be sent any more: before the dot done(withheld) follows, at or after the dot nothing changes. */
void smtp_pool_cancel(struct smtp_pool *pool, struct smtp_delivery *delivery);

/* As cancel, and where bytes up to the dot may still be unsent in the socket, the socket is reset (RST):
 * done(uncertain); once the relay's machine has them all, its answer is waited for.  For a lost lease. */
void smtp_pool_abort(struct smtp_pool *pool, struct smtp_delivery *delivery);

/* Opens one connection where none is open, so that the observer tells whether the relay is there (readiness,
 * check). */
void smtp_pool_connect(struct smtp_pool *pool);

void smtp_pool_state(const struct smtp_pool *pool, struct smtp_pool_state *state);

/* Takes nothing more, lets what is under way end, says QUIT where idle; smtp_pool_state tells when nothing is
 * left. */
void smtp_pool_drain(struct smtp_pool *pool);

#endif
