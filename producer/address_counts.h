/* How many connections each address has open.  An IPv6 address counts by its /64, which is one host's. */
#ifndef PRODUCER_ADDRESS_COUNTS_H
#define PRODUCER_ADDRESS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

struct address_counts;

struct address_key {
    uint64_t high, low; /* IPv4 in `low`, with `high` 0; plain value */
};

/* NULL without memory. */
struct address_counts *address_counts_new(void);
void address_counts_free(struct address_counts **counts);

/* All that is neither IPv4 nor IPv6 shares one key.  An IPv4 address mapped into IPv6 is the IPv4 address. */
struct address_key address_key_of(const struct sockaddr *address);

/* False, and nothing counted, when it has `most` already or there is no memory. */
bool address_counts_enter(struct address_counts *counts, struct address_key key, size_t most);
void address_counts_leave(struct address_counts *counts, struct address_key key);

size_t address_counts_of(const struct address_counts *counts, struct address_key key);

#endif
