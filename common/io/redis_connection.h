/* What the files of io/redis.h share: the client's state, and the steps that they call in each other.  Nobody
 * else includes this. */
#ifndef IO_REDIS_CONNECTION_H
#define IO_REDIS_CONNECTION_H

#include <event2/event.h>
#include <hiredis/async.h>

#include "io/offload.h"
#include "io/redis.h"
#include "io/redis_tls.h"
#include "io/redis_url.h"

enum redis_phase {
    REDIS_PHASE_DOWN,     /* no connection, or one that is being given up */
    REDIS_PHASE_ASKING,   /* a Sentinel, where the primary is */
    REDIS_PHASE_GREETING, /* connecting, and asking what must be known first */
    REDIS_PHASE_READY,
    REDIS_PHASE_CLOSED /* redis_free runs */
};

enum { REDIS_GREETING_COMMANDS = 16, REDIS_REASON_SIZE = 512 };

struct redis_pending {
    redis_answered *answered;
    void *context;
    int64_t sent_ms; /* monotonic */
};

/* One end of a connection: a Sentinel, or the Redis itself. */
struct redis_place {
    char host[REDIS_URL_HOST_MOST + 1]; /* empty for a Unix socket */
    int port;
};

/* What hiredis makes replies with, and how much of the current one has come. */
struct redis_replies {
    redisReplyObjectFunctions limited;
    const redisReplyObjectFunctions *library;
    size_t parts, bytes;
};

/* A look-up of the host's name; the helper thread's while it runs. */
struct redis_resolution {
    struct redis *redis;
    struct offload *offload; /* NULL when none runs */
    const char *host;
    unsigned turn;
    int failure; /* of getaddrinfo(3) */
    char address[64];
};

struct redis {
    struct event_base *base;
    struct redis_url url;
    struct redis_place *sentinels; /* owned */
    size_t sentinel_count, sentinel_turn;
    char sentinel_user[REDIS_URL_WORD_MOST + 1], sentinel_password[REDIS_URL_WORD_MOST + 1];
    bool plaintext_trusted;
    struct redis_tls *tls; /* NULL: plaintext */
    struct redis_events events;
    char *prefix, *client_name; /* owned */
    int64_t connect_timeout_ms, command_timeout_ms;
    size_t most_pending;
    struct buffer scripts[REDIS_SCRIPTS_MOST];
    char sha[REDIS_SCRIPTS_MOST][REDIS_SHA_LENGTH + 1];
    size_t script_count;

    enum redis_phase phase;
    struct redis_place place; /* where the connection goes */
    bool told;                /* a Sentinel has just said that `place` is the primary */
    redisAsyncContext *link;  /* NULL without a connection */
    struct redis_replies replies;
    bool oversized;             /* what the oldest command in flight was to get is too large */
    struct redis_pending *ring; /* commands in flight, oldest at head */
    size_t ring_size, head, pending;
    struct event *deadline, *reconnect;
    struct redis_resolution resolution;
    bool deadline_armed;
    int64_t started_ms; /* of the connection; monotonic */
    unsigned failures;  /* in a row, to connect or stay ready */
    enum redis_fault lost;
    char reason[REDIS_REASON_SIZE]; /* why it is not ready */
    size_t scripts_loading;         /* SCRIPT LOAD answers awaited */
    int64_t born_ms, clock_redis_ms, clock_boot_ms;
    struct buffer command; /* scratch */
};

/* redis.c: sends in any phase that has a connection; false when that failed, and then the connection is given
 * up. */
bool redis_enqueue(struct redis *redis, struct text command, redis_answered *answered, void *context);
/* Gives the connection up; every command in flight is answered. */
void redis_drop(struct redis *redis, enum redis_fault fault, const char *reason);
void redis_become_ready(struct redis *redis);
/* Remembers why there is no connection; the first reason counts. */
void redis_note_loss(struct redis *redis, enum redis_fault fault, const char *reason);
void redis_note_hiredis_loss(struct redis *redis, const redisAsyncContext *link);
void redis_connection_ended(struct redis *redis);
void redis_arm_deadline(struct redis *redis, int64_t ms);
/* Of the timers. */
void redis_on_deadline(evutil_socket_t socket, short what, void *redis);

/* redis_connect.c: of a timer. */
void redis_connect_now(evutil_socket_t socket, short what, void *redis);

/* redis_resolve.c: `done` gets the resolution, on the loop. */
bool redis_host_needs_resolving(const char *host);
WARN_UNUSED enum status redis_resolve(struct redis *redis, void (*done)(void *resolution),
                                      struct error *error);

/* redis_sentinel.c */
void redis_ask_sentinel(struct redis *redis);

/* redis_reply_limits.c: before anything is read from the connection; and before each read, false when the
 * connection was given up. */
void redis_limit_replies(struct redis *redis, redisAsyncContext *link);
bool redis_replies_have_room(redisAsyncContext *link);

/* redis_greeting.c */
void redis_greet(struct redis *redis);

/* redis_fault.c: from an error reply's text. */
enum redis_fault redis_fault_of(const char *reply, size_t size);
enum status redis_fault_status(enum redis_fault fault);
const char *redis_fault_sentence(enum redis_fault fault);

/* redis_adapter.c: hands the connection's socket to the loop. `gone` is called once, when hiredis gives the
 * connection up, after its callbacks. */
bool redis_adapter_attach(struct event_base *base, redisAsyncContext *link,
                          void (*gone)(redisAsyncContext *link));
void redis_adapter_connected(redisAsyncContext *link);

/* A command of `size` bytes was appended: many of them leave before the turn's end. */
void redis_adapter_appended(redisAsyncContext *link, size_t size);

#endif
