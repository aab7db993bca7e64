/* Somebody who speaks instead of Redis: greets as one, and then says what the test wants.  On a Unix socket
 * of the test's own, in the test's loop. */
#ifndef TESTS_UNIT_SUPPORT_REDIS_IMPOSTOR_H
#define TESTS_UNIT_SUPPORT_REDIS_IMPOSTOR_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct bufferevent;
struct evconnlistener;

struct redis_impostor {
    /* What is said to a command, beside what greets; NULL: what Redis would say of nothing. */
    const char *time, *mget, *evalsha;
    const char *flood; /* after that answer, this for ever; NULL: nothing more */
    size_t said;       /* bytes that the client took */
    struct evconnlistener *listener;
    struct bufferevent *connection;
    bool flooding, greeted;
    char path[100], url[128];
};

void redis_impostor_start(struct redis_impostor *impostor, struct event_base *base);
void redis_impostor_say(struct redis_impostor *impostor, const char *bytes);
void redis_impostor_stop(struct redis_impostor *impostor);

#endif
