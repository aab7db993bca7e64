/* A real redis-server of the test's own: on a Unix socket in a temporary folder, gone with the test. */
#ifndef TESTS_UNIT_SUPPORT_REDIS_SERVER_H
#define TESTS_UNIT_SUPPORT_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct redis_server {
    char folder[64];
    char url[128]; /* unix://… */
    char user[32]; /* of the control connection, empty for none */
    char password[64];
    pid_t pid;
    redisContext *control; /* blocking, for the test itself */
};

/* Starts it with more arguments (closed by NULL, may be NULL) and waits until it answers; fails the test when
 * it does not. */
void redis_server_start(struct redis_server *server, const char *const arguments[]);

/* Kills it and removes the folder. */
void redis_server_stop(struct redis_server *server);

/* kill -9 without removing anything. */
void redis_server_kill(struct redis_server *server);

/* One command from words with spaces between; fails the test on an error reply.  The caller frees the reply.
 */
redisReply *redis_server_ask(struct redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, ignoring what is answered. */
#define redis_server_do(...) freeReplyObject(redis_server_ask(__VA_ARGS__))

#endif
