/* The socket is made here and accepted on by evhttp.
 *
 * Without a descriptor left, a socket with waiting connections would be ready for ever and the loop spin: so
 * listening rests a moment then, and the connections wait in the kernel. */
#include "producer/http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "io/log.h"

enum { REST_MS = 100, BACKLOG = 1024 };

struct http_listener {
    struct evhttp *server;
    struct evhttp_bound_socket *socket;
    struct evconnlistener *accepting; /* the socket's */
    struct event *rest;
};

/* evhttp has the listener's one context, so this cannot know when to go on: the timer always does. */
static void on_accept_failed(struct evconnlistener *accepting, void *server)
{
    (void)server;
    log_write(LOG_LEVEL_ERROR, "a connection cannot be accepted", LOG_TEXT("error", strerror(errno)));
    evconnlistener_disable(accepting);
}

static void on_rested(evutil_socket_t unused, short what, void *context)
{
    (void)unused, (void)what;
    struct http_listener *listener = context;
    evconnlistener_enable(listener->accepting);
}

static bool to_sockaddr(struct config_address address, struct sockaddr_storage *storage, int *size)
{
    struct sockaddr_in *in = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
    const char *host = strcmp(address.host, "localhost") == 0 ? "127.0.0.1" : address.host;
    *storage = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(address.port);
        *size = sizeof *in6;
        return true;
    }
    in->sin_family = AF_INET;
    in->sin_port = htons(address.port);
    *size = sizeof *in;
    return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static unsigned port_of(int descriptor)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &size) != 0)
        return 0;
    return ntohs(storage.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
                                               : ((struct sockaddr_in *)&storage)->sin_port);
}

static enum status bind_to(struct http_listener *listener, struct event_base *base,
                           struct config_address address, struct error *error)
{
    struct sockaddr_storage storage;
    int size, one = 1;
    if (!to_sockaddr(address, &storage, &size))
        return error_set(error, STATUS_CONFIG, "http.listen: %s is no IP address", address.host);
    listener->accepting = evconnlistener_new_bind(base, NULL, NULL,
                                                  LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
                                                      LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT,
                                                  BACKLOG, (struct sockaddr *)&storage, size);
    if (!listener->accepting)
        return error_set(error, STATUS_UNAVAILABLE, "cannot listen on %s:%u (http.listen): %s", address.host,
                         address.port, strerror(errno));
    int descriptor = evconnlistener_get_fd(listener->accepting);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
    evconnlistener_set_error_cb(listener->accepting, on_accept_failed);
    log_write(LOG_LEVEL_INFO, "listening", LOG_TEXT("host", address.host),
              LOG_NUMBER("port", port_of(descriptor)));
    return STATUS_OK;
}

enum status http_listener_new(struct event_base *base, struct evhttp *server, struct config_address address,
                              struct http_listener **listener, struct error *error)
{
    struct timeval rest = {.tv_usec = REST_MS * 1000};
    struct http_listener *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory to listen");
    made->server = server;
    made->rest = event_new(base, -1, EV_PERSIST, on_rested, made);
    enum status status = bind_to(made, base, address, error);
    if (status == STATUS_OK) {
        made->socket = evhttp_bind_listener(server, made->accepting);
        if (!made->rest || !made->socket || event_add(made->rest, &rest) != 0)
            status = error_set(error, STATUS_MEMORY, "no memory to listen");
    }
    *listener = made;
    if (status != STATUS_OK)
        http_listener_free(listener);
    return status;
}

void http_listener_free(struct http_listener **listener)
{
    struct http_listener *gone = *listener;
    *listener = NULL;
    if (!gone)
        return;
    if (gone->rest)
        event_free(gone->rest);
    if (gone->socket)
        evhttp_del_accept_socket(gone->server, gone->socket);
    else if (gone->accepting)
        evconnlistener_free(gone->accepting);
    free(gone);
}
