/* client.ip is what a service wrote there, often what some proxy told it: a port or a zone beside the address
 * must not make every connection another client. */
#include "producer/client_address.h"

#include <string.h>

#include <arpa/inet.h>

enum { ADDRESS_MOST = 64 };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* The address alone, closed by a NUL; false when it does not fit. */
static bool take_address(struct text ip, char address[static ADDRESS_MOST])
{
    if (ip.size > 0 && ip.bytes[0] == '[') {
        const char *end = memchr(ip.bytes, ']', ip.size);
        if (!end)
            return false;
        ip = (struct text){ip.bytes + 1, (size_t)(end - ip.bytes) - 1};
    } else if (ip.size > 0) {
        const char *colon = memchr(ip.bytes, ':', ip.size);
        size_t before = colon ? (size_t)(colon - ip.bytes) : ip.size;
        if (colon && !memchr(colon + 1, ':', ip.size - before - 1)) /* IPv6 has two at least */
            ip.size = before;
    }
    const char *zone = ip.size > 0 ? memchr(ip.bytes, '%', ip.size) : NULL;
    if (zone)
        ip.size = (size_t)(zone - ip.bytes);
    if (ip.size >= ADDRESS_MOST || (ip.size > 0 && memchr(ip.bytes, '\0', ip.size)))
        return false;
    memcpy(address, ip.size > 0 ? ip.bytes : "", ip.size);
    address[ip.size] = '\0';
    return true;
}

bool client_network(struct text ip, unsigned char network[static CLIENT_NETWORK_SIZE])
{
    char address[ADDRESS_MOST];
    if (!take_address(ip, address))
        return false;
    if (inet_pton(AF_INET, address, network + sizeof mapped) == 1) {
        memcpy(network, mapped, sizeof mapped);
        return true;
    }
    if (inet_pton(AF_INET6, address, network) != 1)
        return false;
    if (memcmp(network, mapped, sizeof mapped) != 0)
        memset(network + 8, 0, 8);
    return true;
}
