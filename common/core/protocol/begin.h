/* The parts of decide_begin that stand in files of their own; private to core/protocol. */
#ifndef CORE_PROTOCOL_BEGIN_H
#define CORE_PROTOCOL_BEGIN_H

#include "core/protocol/closing.h"

/* A request that the store does not know: suppressed, or admitted with a lease, or wants_newest. */
void begin_admit(const struct begin_question *question, struct records *records, struct decision *decision);

/* A change of the password that the store does not know: ends what was asked for before, whatever becomes of
 * its notice; or wants_*. */
void begin_change(const struct begin_question *question, struct records *records, struct decision *decision);

/* The record of a request that begins now. */
void begin_open(const struct begin_question *question, struct records *records, struct decision *decision);

/* Closes what finds a limit full (true), else counts it. */
bool begin_close_limited(const struct begin_question *question, struct records *records,
                         struct decision *decision);
bool begin_close_noticed(const struct begin_question *question, struct records *records,
                         struct decision *decision);

/* A new link or password, valid from now; the older one of this request, if any, was surely never mailed. */
void begin_mint(const struct begin_question *question, struct records *records, struct decision *decision);

/* Whether the password that was shown is there for this request; and makes it count from now. */
bool begin_is_staged(const struct begin_question *question, const struct records *records);
void begin_activate(const struct begin_question *question, struct records *records,
                    struct decision *decision);

/* The lease, with the link that it has or a new one.  The verdict is LEASE. */
void begin_take_lease(const struct begin_question *question, struct records *records,
                      struct decision *decision);

/* Closes what is past its end; true when it was. */
bool begin_close_expired(const struct begin_question *question, struct records *records,
                         struct decision *decision);

/* The original record's time by Kafka, never later than now: no producer's clock decides an order. */
int64_t begin_t0(const struct begin_question *question, const struct records *records);

bool begin_is_revoked(const struct begin_question *question, const struct records *records);

/* The limit that counts for the mailbox. */
const struct limit *begin_mailbox_limit(const struct begin_question *question);

/* The limit that counts for the actor, or in bulk for the key. */
const struct limit *begin_actor_limit(const struct begin_question *question);

/* Whether the actor's counter matters: who asks for himself is counted as the user already. */
bool begin_asks_actor(const struct begin_question *question);

/* Where the user's newest request of this one's lane stands.  Only where there is a user's record, and a
 * lane. */
struct standing *begin_standing(const struct begin_question *question, struct records *records);

/* The user's newest admitted request in this one's lane; absent where there is none or all were revoked. */
struct text begin_newest(const struct begin_question *question, const struct records *records);

#endif
