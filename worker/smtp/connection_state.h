/* The inside of a connection, shared by its two files only. */
#ifndef WORKER_SMTP_CONNECTION_STATE_H
#define WORKER_SMTP_CONNECTION_STATE_H

#include <event2/event.h>

#include "core/smtp/dialog.h"
#include "worker/smtp/connection.h"
#include "worker/smtp/transport.h"

struct smtp_connection {
    const struct smtp_settings *settings;
    struct smtp_connection_owner owner;
    struct smtp_transport *transport;
    struct smtp_dialog *dialog; /* NULL until connected */
    struct event *timer;
    uint64_t timer_at;               /* ms; 0: not armed */
    uint64_t used, wait_began;       /* ms */
    uint64_t dot_began, ahead_began; /* ms; 0: none */
    unsigned turn;
    size_t taken, inside; /* messages since the start; messages in the dialog */
    struct smtp_delivery *ahead;
    bool blocked, retiring, quitting, reset, working;
};

/* connection.c: gives the message ahead back to the owner, if there is one. */
void smtp_connection_give_back(struct smtp_connection *connection);

/* waits.c: arms the connection's timer for whatever it waits for now, and says what is over when it fires. */
void smtp_waits_arm(struct smtp_connection *connection);
void smtp_waits_fired(struct smtp_connection *connection);

#endif
