/* A socket that is bound and closed again.  Without listen(2) no connection ever comes to it, also where a
 * running process shares the port. */
#include "io/listen_probe.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int bind_once(const struct addrinfo *found, bool shared)
{
    int one = 1, descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return errno;
    int fault = 0;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (shared && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) ||
        bind(descriptor, found->ai_addr, found->ai_addrlen) != 0)
        fault = errno;
    close(descriptor);
    return fault;
}

enum status listen_probe(struct config_address address, bool shared, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", address.port);
    int failure = getaddrinfo(address.host, port, &hints, &found);
    if (failure != 0)
        return error_set(error, STATUS_CONFIG, "%s is no address: %s", address.host, gai_strerror(failure));
    int fault = bind_once(found, shared);
    freeaddrinfo(found);
    if (fault == 0)
        return STATUS_OK;
    return error_set(error, fault == EADDRINUSE ? STATUS_CONFLICT : STATUS_UNAVAILABLE, "%s:%u: %s",
                     address.host, address.port, strerror(fault));
}
