/* A system call for each event was a fifth of all that a worker made.
 *
 * libsodium's own generator in the process (randombytes_internal_implementation) would not spare it: it asks
 * for the process id at every call, and it is not for programs with threads.  So the bytes are the system's,
 * a few portions ahead: they are in memory that no dump and no other process shows, as the secrets are that
 * are made of them, and are wiped as they are taken. */
#include "io/random_stock.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "io/process.h"

void random_stock_take(struct random_stock *stock, void *bytes, size_t size)
{
    assert(size <= RANDOM_STOCK_SIZE);
    if (stock->left < size) { /* what is left of the last is too little, and is written over */
        process_random(stock->bytes, sizeof stock->bytes);
        stock->left = sizeof stock->bytes;
    }
    unsigned char *taken = stock->bytes + sizeof stock->bytes - stock->left;
    memcpy(bytes, taken, size);
    sodium_memzero(taken, size);
    stock->left -= size;
}

void random_stock_clear(struct random_stock *stock)
{
    sodium_memzero(stock, sizeof *stock);
}
