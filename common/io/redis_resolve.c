/* Names are looked up on a helper thread: a name server that does not answer would otherwise hold the loop,
 * and every lease with it, for seconds.  The thread touches only the resolution, which is the client's again
 * when it is done.  Where a name has many addresses, each failure in a row tries the next. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "io/redis_connection.h"

static void look_up(void *context)
{
    struct redis_resolution *resolution = context;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    unsigned count = 0;
    resolution->failure = getaddrinfo(resolution->host, NULL, &hints, &found);
    if (resolution->failure)
        return;
    for (const struct addrinfo *each = found; each; each = each->ai_next)
        count++;
    const struct addrinfo *chosen = found;
    for (unsigned skip = resolution->turn % count; skip; skip--)
        chosen = chosen->ai_next;
    resolution->failure = getnameinfo(chosen->ai_addr, chosen->ai_addrlen, resolution->address,
                                      sizeof resolution->address, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
}

bool redis_host_needs_resolving(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return host[0] && strcmp(host, "localhost") != 0 && inet_pton(AF_INET, host, address) != 1 &&
           inet_pton(AF_INET6, host, address) != 1;
}

enum status redis_resolve(struct redis *redis, void (*done)(void *resolution), struct error *error)
{
    struct redis_resolution *resolution = &redis->resolution;
    resolution->host = redis->place.host;
    resolution->turn = redis->failures;
    return offload_start(redis->base, look_up, done, resolution, &resolution->offload, error);
}
