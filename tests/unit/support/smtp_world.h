/* A pool, a scripted relay and the mails between them, all in one loop. */
#ifndef TESTS_UNIT_SUPPORT_SMTP_WORLD_H
#define TESTS_UNIT_SUPPORT_SMTP_WORLD_H

#include "support/smtp_relay.h"
#include "worker/smtp/pool.h"

#define SMTP_WORLD_MAILS    8192
#define SMTP_WORLD_MESSAGE  "Subject: x\r\n\r\n.leading dot\r\n.\r\nend\r\n"
#define SMTP_WORLD_ACCEPTED "accepted/dot/none/250"

struct smtp_world_mail {
    struct smtp_world *world;
    struct smtp_delivery *delivery;
    struct smtp_result result;
    unsigned done, asked, at_dot;
    bool denied, abort_at_dot, cancel_when_asked;
};

struct smtp_world {
    struct event_base *base;
    struct smtp_relay *relay;
    struct smtp_pool *pool;
    struct smtp_settings settings;
    struct text message; /* absent: SMTP_WORLD_MESSAGE */
    struct smtp_world_mail mails[SMTP_WORLD_MAILS];
    size_t submitted, done, connected, failed;
    bool asks_again; /* for a connection, as soon as one has failed */
    size_t wanted_done, wanted_dots, dots;
    enum smtp_reason last_failure;
    struct error failure;
};

/* One connection at most, no TLS; `script` NULL: nobody listens.  Change `settings`, then open the pool. */
struct smtp_world *smtp_world_new(const struct smtp_relay_script *script);
void smtp_world_open_pool(struct smtp_world *world);

/* Fails unless each mail was done exactly once. */
void smtp_world_free(struct smtp_world *world);

struct smtp_world_mail *smtp_world_submit(struct smtp_world *world);

/* Runs until `count` mails are done or `dots` are written (0: not asked), and fails when it never comes to
 * it. */
void smtp_world_run_until(struct smtp_world *world, size_t count, size_t dots);
void smtp_world_run_done(struct smtp_world *world, size_t count);

/* Runs until the pool has no connection. */
void smtp_world_run_closed(struct smtp_world *world);

/* `expected`: kind, "!" when permanent, stage, reason and code, e.g. "refused!/rcpt/reply/550". */
void assert_smtp_result(const struct smtp_world_mail *mail, const char *expected);

#endif
