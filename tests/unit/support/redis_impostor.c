/* Commands are cut out of what comes by their RESP frame; only the first word of each is looked at. */
#include "support/redis_impostor.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"

#define SHA "$40\r\n0123456789012345678901234567890123456789\r\n"

/* A number between a sign and a line's end; moves past it. */
static bool read_head(const char **at, const char *end, char sign, long *number)
{
    const char *line = memchr(*at, '\n', (size_t)(end - *at));
    if (!line)
        return false;
    assert_int_equal(**at, sign);
    *number = strtol(*at + 1, NULL, 10);
    *at = line + 1;
    return true;
}

/* The size of the first whole command, and its first word; 0 when there is none. */
static size_t cut_command(const char *bytes, size_t size, char word[16])
{
    const char *at = bytes, *end = bytes + size;
    long count, length;
    if (size == 0 || !read_head(&at, end, '*', &count))
        return 0;
    for (long i = 0; i < count; i++) {
        if (at == end || !read_head(&at, end, '$', &length) || end - at < length + 2)
            return 0;
        if (i == 0)
            snprintf(word, 16, "%.*s", (int)length, at);
        at += length + 2;
    }
    return (size_t)(at - bytes);
}

void redis_impostor_say(struct redis_impostor *impostor, const char *bytes)
{
    bufferevent_write(impostor->connection, bytes, strlen(bytes));
}

static void say_or(struct redis_impostor *impostor, const char *wanted, const char *usual)
{
    redis_impostor_say(impostor, wanted ? wanted : usual);
    impostor->flooding = wanted && impostor->flood;
}

static void answer(struct redis_impostor *impostor, const char *word)
{
    static const char info[] = "role:master\r\nmaxmemory:0\r\ncluster_enabled:0\r\n";
    char head[128];
    if (strcmp(word, "TIME") == 0) {
        say_or(impostor, impostor->time, "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n");
    } else if (strcmp(word, "INFO") == 0) {
        snprintf(head, sizeof head, "$%zu\r\n%s\r\n", sizeof info - 1, info);
        redis_impostor_say(impostor, head);
    } else if (strcmp(word, "GET") == 0) {
        redis_impostor_say(impostor, "$13\r\n1700000000000\r\n");
    } else if (strcmp(word, "SCRIPT") == 0) {
        redis_impostor_say(impostor, SHA);
    } else if (strcmp(word, "MGET") == 0) {
        say_or(impostor, impostor->mget, "*2\r\n$-1\r\n$-1\r\n");
    } else if (strcmp(word, "EVALSHA") == 0) {
        say_or(impostor, impostor->greeted ? impostor->evalsha : NULL, ":1\r\n");
        impostor->greeted = true;
    } else {
        redis_impostor_say(impostor, "+OK\r\n");
    }
}

static void on_read(struct bufferevent *connection, void *context)
{
    struct redis_impostor *impostor = context;
    struct evbuffer *input = bufferevent_get_input(connection);
    char word[16];
    size_t size;
    while ((size = cut_command((const char *)evbuffer_pullup(input, -1), evbuffer_get_length(input), word))) {
        evbuffer_drain(input, size);
        answer(impostor, word);
    }
}

/* All that was said is with the kernel. */
static void on_written(struct bufferevent *connection, void *context)
{
    struct redis_impostor *impostor = context;
    if (!impostor->flooding)
        return;
    for (int i = 0; i < 1000; i++) {
        bufferevent_write(connection, impostor->flood, strlen(impostor->flood));
        impostor->said += strlen(impostor->flood);
    }
}

static void on_event(struct bufferevent *connection, short what, void *context)
{
    struct redis_impostor *impostor = context;
    (void)what;
    bufferevent_free(connection);
    if (impostor->connection == connection)
        impostor->connection = NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                      int size, void *context)
{
    struct redis_impostor *impostor = context;
    (void)address, (void)size;
    if (impostor->connection)
        bufferevent_free(impostor->connection);
    impostor->flooding = impostor->greeted = false;
    impostor->connection =
        bufferevent_socket_new(evconnlistener_get_base(listener), socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(impostor->connection, on_read, on_written, on_event, impostor);
    bufferevent_enable(impostor->connection, EV_READ | EV_WRITE);
}

void redis_impostor_start(struct redis_impostor *impostor, struct event_base *base)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(impostor->path, sizeof impostor->path, "/tmp/reset-impostor-%ld", (long)getpid());
    snprintf(impostor->url, sizeof impostor->url, "unix://%s", impostor->path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", impostor->path);
    unlink(impostor->path);
    impostor->listener = evconnlistener_new_bind(base, on_accept, impostor, LEV_OPT_CLOSE_ON_FREE, 4,
                                                 (struct sockaddr *)&address, sizeof address);
    assert_non_null(impostor->listener);
}

void redis_impostor_stop(struct redis_impostor *impostor)
{
    evconnlistener_free(impostor->listener);
    if (impostor->connection)
        bufferevent_free(impostor->connection);
    unlink(impostor->path);
}
