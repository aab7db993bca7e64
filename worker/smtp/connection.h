/* One connection of the pool: a transport and a dialog, and the deadlines between them.  It takes deliveries
 * from its owner whenever it has room, and gives each back by exactly one finished() or moved(). */
#ifndef WORKER_SMTP_CONNECTION_H
#define WORKER_SMTP_CONNECTION_H

#include <stdint.h>

#include "worker/smtp/delivery.h"
#include "worker/smtp/pace.h"

struct smtp_connection;

struct smtp_connection_owner {
    void *context;
    struct smtp_pace *pace;
    void (*opened)(void *context, struct smtp_connection *connection);
    void (*failed)(void *context, enum smtp_reason reason, const struct error *error);
    /* The next delivery for it, or NULL; `ahead`: to wait behind another one's dot. */
    struct smtp_delivery *(*next)(void *context, bool ahead);
    void (*finished)(void *context, struct smtp_delivery *delivery, const struct smtp_result *result);
    /* Taken back before its dot: to be sent over another connection. */
    void (*moved)(void *context, struct smtp_delivery *delivery);
    /* It is over, with no delivery left in it: the owner frees it, now or later. */
    void (*closed)(void *context, struct smtp_connection *connection);
};

/* Begins to connect; NULL with `error` when it cannot even begin. */
struct smtp_connection *smtp_connection_new(struct event_base *base, const struct smtp_settings *settings,
                                            const struct smtp_connection_owner *owner, struct error *error);

/* Cuts it; what is inside is finished first. */
void smtp_connection_free(struct smtp_connection **connection);

/* Looks for something to do: takes deliveries, writes.  May end in closed(). */
void smtp_connection_work(struct smtp_connection *connection);

bool smtp_connection_is_busy(const struct smtp_connection *connection);
bool smtp_connection_is_open(const struct smtp_connection *connection);

/* Open and without a message: a delivery would be on its way at once. */
bool smtp_connection_is_available(const struct smtp_connection *connection);

/* May take one ahead now; `*since`: ms, since when the first one has been at its dot (0: not yet). */
bool smtp_connection_takes_ahead(const struct smtp_connection *connection, uint64_t *since);

/* ms of its last use: the latest available one is taken, so that the others may retire. */
uint64_t smtp_connection_last_used(const struct smtp_connection *connection);

/* The delivery became unwanted: drops it where that is still possible.  May end in closed(). */
void smtp_connection_drop(struct smtp_connection *connection, struct smtp_delivery *delivery);

/* Takes nothing more; QUIT when idle. */
void smtp_connection_retire(struct smtp_connection *connection);

#endif
