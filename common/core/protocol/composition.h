/* What a decision means for the store: the changes of one swap; private to core/protocol. */
#ifndef CORE_PROTOCOL_COMPOSITION_H
#define CORE_PROTOCOL_COMPOSITION_H

#include "core/protocol/exchange.h"

/* The changes point into the exchange and into these values, until the store has copied them.  The request's
 * value stands in the exchange, which needs it longer. */
struct composition {
    struct exchange *exchange;
    struct record_store_change changes[RECORD_STORE_KEYS_MOST];
    size_t count;
    bool writes;
    enum status status;
    char values[SLOT_COUNT][RECORD_STORE_VALUE_MOST];
    size_t sizes[SLOT_COUNT]; /* of the values that were written; 0: none */
    char killed_keys[2][RECORD_STORE_KEY_MOST];
    char born[24];
};

/* `status` says whether all values fit; `writes` whether there is anything to swap for. */
void composition_make(struct composition *composition, struct exchange *exchange);

/* Requests' records have seeds, and so have the values made of them. */
void composition_wipe(struct composition *composition);

#endif
