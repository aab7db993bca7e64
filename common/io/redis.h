/* One asynchronous connection to Redis (7 or newer) on a libevent loop: kept up by itself, many commands in
 * flight.
 *
 * Where Sentinels are named, each connect asks one of them first where the primary is: so a connection that a
 * fail-over broke, or that a demoted primary refuses (READONLY), leads to the new one.
 *
 * At each connect: AUTH, CLIENT SETNAME, SELECT, TIME, the eviction policy, `<prefix>:born`, SCRIPT LOAD of
 * every script, EVALSHA of one. Only then is it ready.  A Redis that evicts, refuses the password or a
 * command of these, or is loading is not ready, and the reason says so; it is asked again with backoff.  When
 * a command gets no answer within its deadline the connection is dropped and every command in flight fails
 * with STATUS_TIMEOUT and `may_have_happened`. */
#ifndef IO_REDIS_H
#define IO_REDIS_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

struct event_base;
struct redisReply; /* hiredis */
struct redis;

enum redis_fault {
    REDIS_FAULT_NONE,
    REDIS_FAULT_CONNECTION, /* refused, reset, closed, or not connected */
    REDIS_FAULT_TIMEOUT,
    REDIS_FAULT_LOADING,
    REDIS_FAULT_READONLY, /* a replica */
    REDIS_FAULT_MISCONF,  /* cannot write its snapshot */
    REDIS_FAULT_REPLICAS, /* NOREPLICAS: fewer of them in touch than it wants */
    REDIS_FAULT_BUSY,     /* a script runs too long */
    REDIS_FAULT_MEMORY,   /* maxmemory */
    REDIS_FAULT_NO_SCRIPT,
    REDIS_FAULT_PASSWORD,   /* NOAUTH, WRONGPASS */
    REDIS_FAULT_PERMISSION, /* NOPERM: the ACL lacks something */
    REDIS_FAULT_CLUSTER,    /* MOVED, ASK, CROSSSLOT, CLUSTERDOWN: this must be one instance */
    REDIS_FAULT_EVICTS,     /* maxmemory-policy would throw tokens away */
    REDIS_FAULT_SENTINEL,   /* none that was asked knows the primary */
    REDIS_FAULT_PROTOCOL,   /* what came is no Redis reply, or not of the type asked for */
    REDIS_FAULT_OVERSIZED,  /* a reply larger than anything that is kept there by us */
    REDIS_FAULT_OTHER       /* any other error reply */
};

/* "loading", "read_only", …: for logs and metric labels. */
const char *redis_fault_name(enum redis_fault fault);

struct redis_answer {
    enum status status; /* OK; UNAVAILABLE, TIMEOUT, FULL (maxmemory), CONFIG (password, permission, cluster),
                           INVALID (oversized), INTERNAL */
    enum redis_fault fault;
    bool may_have_happened;         /* no answer came after the command was sent */
    const struct redisReply *reply; /* only when OK: never an error reply, gone after the callback */
    const char *text;               /* only when not OK: one sentence, without data; static */
};

typedef void redis_answered(void *context, const struct redis_answer *answer);

struct redis_events {
    void (*ready)(void *context); /* may be NULL */
    void (*down)(void *context, enum redis_fault fault,
                 const char *reason); /* may be NULL; at each failed try too */
    void *context;
};

struct redis_script {
    struct text head, body; /* loaded as one text */
};

struct redis_options {
    const char *url; /* redis://[user[:password]@]host[:port][/db], rediss://…, unix://[…@]/path[?db=N] */
    /* "host[:port]" of each Sentinel; then the url's host is the name by which they watch the primary. */
    const char *const *sentinels;
    size_t sentinel_count;
    const char *sentinel_user, *sentinel_password; /* what Sentinels ask for; NULL: nothing */
    struct redis_tls_files {
        const char *ca, *certificate, *key; /* PEM; NULL: the system's authorities, no certificate of ours */
    } tls;
    const char *prefix;      /* of all keys */
    const char *client_name; /* CLIENT SETNAME; no spaces */
    bool plaintext_trusted;  /* plaintext off loopback is allowed */
    int64_t connect_timeout_ms, command_timeout_ms;
    size_t most_pending;                /* commands in flight; more get STATUS_FULL */
    const struct redis_script *scripts; /* loaded at each connect; copied */
    size_t script_count;                /* at most REDIS_SCRIPTS_MOST */
};

enum { REDIS_PREFIX_MOST = 128, REDIS_SCRIPTS_MOST = 4, REDIS_SHA_LENGTH = 40 };

/* STATUS_CONFIG: the url or a Sentinel's address cannot be read, TLS is asked for that this build does not
 * have or whose files are wrong, or plaintext is not allowed there. Starts to connect; `events` come from the
 * loop, never from within this call. */
WARN_UNUSED enum status redis_new(struct event_base *base, const struct redis_options *options,
                                  const struct redis_events *events, struct redis **redis,
                                  struct error *error);

/* Every command in flight is answered (UNAVAILABLE) from within; then frees and nulls.  Not from within a
 * callback of this client. */
void redis_free(struct redis **redis);

/* Sends one command.  On STATUS_OK `answered` is called exactly once, from the loop; on STATUS_FULL (too many
 * pending) or STATUS_UNAVAILABLE (not ready) never.  `error` may be NULL.  The arguments are copied.
 * Not for MONITOR or SUBSCRIBE, whose answers never end. */
WARN_UNUSED enum status redis_command(struct redis *redis, const struct text arguments[], size_t count,
                                      redis_answered *answered, void *context, struct error *error);

/* The same for one command that redis_format has written. */
WARN_UNUSED enum status redis_send(struct redis *redis, struct text command, redis_answered *answered,
                                   void *context, struct error *error);

/* Appends a command as Redis reads it (RESP: an array of bulk strings). */
void redis_format(struct buffer *command, const struct text arguments[], size_t count);

bool redis_is_ready(const struct redis *redis);
size_t redis_pending(const struct redis *redis);
const char *redis_prefix(const struct redis *redis);

/* Milliseconds since 1970 by Redis's clock when `<prefix>:born` was first written; 0 before the first
 * connect. */
int64_t redis_born_ms(const struct redis *redis);

/* Redis's clock now: its last TIME plus CLOCK_BOOTTIME since; 0 before the first connect. */
int64_t redis_now_ms(const struct redis *redis);

/* Tells the clock what a TIME command of the caller's just answered. */
void redis_note_time(struct redis *redis, int64_t redis_ms);

/* Milliseconds since 1970 of TIME's answer; 0 when it is none. */
int64_t redis_reply_time_ms(const struct redisReply *reply);

/* The SHA1 (REDIS_SHA_LENGTH hex digits) of a script as Redis said it; valid while ready. */
struct text redis_script_sha(const struct redis *redis, size_t script);

/* Loads the scripts again (Redis forgot them: NOSCRIPT); commands sent after it find them.  Asked many times
 * in a row it loads once. */
void redis_reload_scripts(struct redis *redis);

#endif
