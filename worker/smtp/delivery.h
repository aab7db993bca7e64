/* The pool's record of one submission, and the lists that it moves through: free, queued, ended. */
#ifndef WORKER_SMTP_DELIVERY_H
#define WORKER_SMTP_DELIVERY_H

#include <stdint.h>

#include "worker/smtp/pool.h"

struct smtp_connection;

enum smtp_delivery_state {
    SMTP_DELIVERY_FREE,
    SMTP_DELIVERY_QUEUED,
    SMTP_DELIVERY_SENDING, /* a connection's */
    SMTP_DELIVERY_ENDED,   /* the result stands, done() is due */
};

/* The pool's record of a submission. */
struct smtp_delivery {
    struct smtp_submission submission;
    struct smtp_delivery *next, *previous; /* in the queue, the ended or the free ones */
    struct smtp_connection *connection;
    enum smtp_delivery_state state;
    bool at_dot;
    bool unwanted, aborted; /* cancel; abort */
    bool stale;     /* not its connection's first: the relay may only have been tired of the connection */
    unsigned moves; /* how often it changed the connection */
    uint64_t since; /* ms, when it came into the queue first */
    struct smtp_result result;
};

struct smtp_delivery_list {
    struct smtp_delivery *first, *last;
    size_t count;
};

void smtp_delivery_list_append(struct smtp_delivery_list *list, struct smtp_delivery *delivery);
void smtp_delivery_list_prepend(struct smtp_delivery_list *list, struct smtp_delivery *delivery);

/* Takes it out of the list that it is in; returns it. */
struct smtp_delivery *smtp_delivery_list_remove(struct smtp_delivery_list *list,
                                                struct smtp_delivery *delivery);

#endif
