/* Which client a request's client.ip means: whoever has one IPv4 address or one IPv6 /64 is one client. */
#ifndef PRODUCER_CLIENT_ADDRESS_H
#define PRODUCER_CLIENT_ADDRESS_H

#include "core/text.h"

enum { CLIENT_NETWORK_SIZE = 16 };

/* An IPv6 address's first 64 bits, zeros after them; an IPv4 address, and one mapped into IPv6, as mapped.
 * A port, brackets and a zone are left out ("[2001:db8::1]:443", "192.0.2.1:443", "fe80::1%eth0").  False: it
 * is no address. */
bool client_network(struct text ip, unsigned char network[static CLIENT_NETWORK_SIZE]);

#endif
