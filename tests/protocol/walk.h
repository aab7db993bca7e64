/* What the commands of protocol-walk share. */
#ifndef TESTS_PROTOCOL_WALK_H
#define TESTS_PROTOCOL_WALK_H

#include "support/memory_store.h"
#include "walk_ledger.h"
#include "walk_redis.h"

struct walk {
    struct memory_store *memory; /* NULL over a real Redis */
    struct walk_redis *redis;
    struct desk desk;
    struct ledger ledger;
    enum memory_fault fault; /* for the next question */
    unsigned fault_in;
};

/* Until the store's clock is past that time. */
void walk_pass_time(struct walk *walk, int64_t until_ms);

/* Only the question between the two is struck by a fault, not what a walk does behind its back. */
void walk_arm(struct walk *walk);
void walk_disarm(struct walk *walk);

/* Prints `word|records`; the word is the verdict, or the status where there is none. */
void walk_tell(struct walk *walk, const char *word);
void walk_answer(struct walk *walk, const struct desk_answer *given);

/* stage, try, open, revoke, not_before and the ends of delays; false: another command. */
bool walk_password(struct walk *walk, const char *line);

#endif
