/* Random bytes in small portions: one call of the system's generator serves several. */
#ifndef IO_RANDOM_STOCK_H
#define IO_RANDOM_STOCK_H

#include <stddef.h>

enum { RANDOM_STOCK_SIZE = 256 }; /* what libsodium (1.0.18) asks Linux for at once, at most */

/* All zero at first: empty.  For one thread of a process that does not fork. */
struct random_stock {
    unsigned char bytes[RANDOM_STOCK_SIZE];
    size_t left; /* of them, at the end */
};

/* Fills `bytes`, at most RANDOM_STOCK_SIZE of them, with what nobody got before, and keeps no copy. */
void random_stock_take(struct random_stock *stock, void *bytes, size_t size);

/* Wipes what is left. */
void random_stock_clear(struct random_stock *stock);

#endif
