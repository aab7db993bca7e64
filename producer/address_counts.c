/* A hash table with chains.  The keys are attackers' to choose, so the hash is keyed: nobody can aim at one
 * chain.  An address with no connection left has no entry: the table is as large as what is open. */
#include "producer/address_counts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { CHAINS = 1024 };

struct entry {
    struct entry *next;
    struct address_key key;
    size_t count;
};

struct address_counts {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct entry *chains[CHAINS];
};

struct address_counts *address_counts_new(void)
{
    struct address_counts *counts = calloc(1, sizeof *counts);
    if (counts)
        crypto_shorthash_keygen(counts->secret);
    return counts;
}

void address_counts_free(struct address_counts **counts)
{
    struct address_counts *gone = *counts;
    *counts = NULL;
    for (size_t i = 0; gone && i < CHAINS; i++)
        while (gone->chains[i]) {
            struct entry *entry = gone->chains[i];
            gone->chains[i] = entry->next;
            free(entry);
        }
    free(gone);
}

struct address_key address_key_of(const struct sockaddr *address)
{
    struct address_key key = {.high = UINT64_MAX, .low = UINT64_MAX};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        key = (struct address_key){.low = in.sin_addr.s_addr};
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        uint32_t mapped;
        memcpy(&mapped, in6.sin6_addr.s6_addr + 12, sizeof mapped);
        key.low = 0;
        memcpy(&key.high, in6.sin6_addr.s6_addr, sizeof key.high);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            key = (struct address_key){.low = mapped};
        else if (key.high == 0) /* ::1 is no IPv4 address */
            key.low = UINT64_MAX;
    }
    return key;
}

/* Where the entry's pointer stands, or would stand. */
static struct entry **find(const struct address_counts *counts, struct address_key key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint32_t number;
    crypto_shorthash(hash, (const unsigned char *)&key, sizeof key, counts->secret);
    memcpy(&number, hash, sizeof number);
    struct entry **place = (struct entry **)&counts->chains[number % CHAINS];
    while (*place && ((*place)->key.high != key.high || (*place)->key.low != key.low))
        place = &(*place)->next;
    return place;
}

bool address_counts_enter(struct address_counts *counts, struct address_key key, size_t most)
{
    struct entry **place = find(counts, key);
    if (most == 0 || (*place && (*place)->count >= most))
        return false;
    if (!*place) {
        *place = calloc(1, sizeof **place);
        if (!*place)
            return false;
        (*place)->key = key;
    }
    (*place)->count++;
    return true;
}

void address_counts_leave(struct address_counts *counts, struct address_key key)
{
    struct entry **place = find(counts, key), *entry = *place;
    if (!entry || --entry->count > 0)
        return;
    *place = entry->next;
    free(entry);
}

size_t address_counts_of(const struct address_counts *counts, struct address_key key)
{
    struct entry *entry = *find(counts, key);
    return entry ? entry->count : 0;
}
