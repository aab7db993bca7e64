/* A worker without a network: its real pipeline, intake, drain and gates over a store in memory, with Kafka,
 * the relay and the clocks played by the test.
 *
 * The journal tells, in order, what became durable or left the worker: "leased" (and the other states that
 * Redis holds), "mail", "dot", "copy 1", "deferred", "dead letter", "sent", "offset" … An acknowledgement is
 * written when it is given, so whoever did not wait for it stands before it. */
#ifndef TESTS_UNIT_PIPELINE_WORLD_H
#define TESTS_UNIT_PIPELINE_WORLD_H

#include "core/protocol/record.h"
#include "support/memory_store.h"
#include "worker/drain.h"
#include "worker/intake.h"
#include "worker/job.h"

#define WORLD_ID "0199f1a0-5c3e-7d2b-9a41-3f0c8be2d6a7"

enum { WORLD_WAITING = 16, WORLD_MAILS = 32, WORLD_OFFSET = 7 };

/* What the relay does with the next mail. */
enum relay {
    RELAY_ACCEPTS,
    RELAY_REFUSES_FOR_NOW,
    RELAY_REFUSES,
    RELAY_CUTS_AT_DOT,
    RELAY_BREAKS_OFF, /* before the dot: nothing was accepted */
    RELAY_SHUTS_DOWN, /* 421 */
    RELAY_HOLDS,      /* says nothing before the dot, until the test goes on with it */
    RELAY_HOLDS_DOT
};

enum kafka_fault {
    KAFKA_FAULT_NONE,
    KAFKA_FAULT_FULL,        /* refused by the call */
    KAFKA_FAULT_UNAVAILABLE, /* reported later, not written */
    KAFKA_FAULT_LOST,        /* reported later as timed out, but written */
    KAFKA_FAULT_TOO_LARGE    /* reported later */
};

struct smtp_delivery {
    struct smtp_submission submission;
    enum relay relay;
    bool at_dot, unwanted, aborted;
};

struct produced {
    char topic[RETRY_TOPIC_SIZE], outcome[16], reason[32];
    struct kafka_record *record; /* as a consumer would get it */
    kafka_delivered *delivered;
    void *context;
    enum kafka_fault fault;
};

struct world {
    struct worker worker;
    struct memory_store *memory;
    struct buffer journal;
    int64_t offset;
    uint32_t epoch;
    bool completed[64];         /* by offset */
    struct kafka_record *given; /* the last one */

    enum relay relay[WORLD_MAILS]; /* by mail; those that are not set accept */
    unsigned mails, mails_out;     /* handed over; taken by the relay, known to us or not */
    char mail[32768];              /* the last one handed over */
    char message_ids[WORLD_MAILS][128];
    struct smtp_delivery *deliveries[WORLD_WAITING];
    size_t delivery_count;
    bool pool_full, relay_away;
    unsigned full_submissions; /* so many of the next ones are refused for want of room */

    struct produced produced[WORLD_WAITING]; /* in flight */
    size_t produced_count;
    struct produced copy, dead_letter, audit, completed_audit; /* the last acknowledged ones; audit: but for
                                                                  "completed" */
    enum kafka_fault kafka_fault;                              /* of the `kafka_nth` record from now */
    unsigned kafka_nth, kafka_calls;
    bool hold_kafka, hold_redis; /* nobody answers */
    char state[2048];            /* the request's record as last seen */
    size_t state_size;

    unsigned aside;       /* lanes that are, a bit for each */
    bool closed, drained; /* the consumer; the producer */
    kafka_closed *on_closed;
    kafka_drained *on_drained;
    void *closed_context, *drained_context;
};

/* A test that finds the file's own `world` opened. */
#define IN_A_WORLD(test) cmocka_unit_test_prestate_setup_teardown(test, world_set_up, world_tear_down, &world)
int world_set_up(void **state);
int world_tear_down(void **state);

void world_open(struct world *world);
void world_open_limited(struct world *world, const struct reset_limits *limits);
void world_close(struct world *world);

/* One event as it comes from Kafka, and what is unusual about it. */
struct occasion {
    const char *id, *actor_role, *actor_tenant, *email, *name, *signature, *user, *value, *stamp;
    enum method method;    /* METHOD_PASSWORD_CHANGED: the completed event */
    const char *completes; /* of that: the request that led to it */
    int64_t ahead_ms;      /* its time before Kafka's */
    int64_t late_ms;       /* both before now: it comes after what was written later */
    bool unsigned_, wrong_secret, tombstone;
};
void world_event(struct world *world, struct occasion with);

/* One event, of which nothing is unusual, comes as far as the relay lets its mail; the journal starts after
 * that. */
void world_set_out(struct world *world, enum relay relay);

/* The producer has shown a password of this method, and keeps its verifier for the request WORLD_ID. */
void world_stage(struct world *world, enum method method);

/* The process dies: whatever it has asked Redis is done, whatever was on its way to Kafka is lost, and the
 * relay does with its mail what it would have done.  Another one takes the partition. */
void world_kill(struct world *world);

/* The record that was given last, read again by whoever owns the partition now. */
void world_give_again(struct world *world);

/* The last mail that was handed over, its soft line breaks taken out: whether `part` is in it. */
bool world_mail_has(const struct world *world, const char *part);

/* Gives the last retry copy to the worker again when it is due. */
void world_redeliver(struct world *world);

/* Everybody answers until nothing is left to answer.  Time stands nearly still. */
void world_run(struct world *world);

/* A few rounds of answers, where something is away for good. */
void world_turns(struct world *world, unsigned count);

/* Time passes on all clocks, and the worker notices. */
void world_pass(struct world *world, int64_t milliseconds);

/* Runs and passes time until no event is under way. */
void world_finish(struct world *world);

/* The mail under way is answered, or brought to the dot. */
void world_relay_goes_on(struct world *world, enum relay relay);

/* The event's partition goes to somebody else. */
void world_revoke(struct world *world);

/* The journal since the last look must be this, words separated by ", ". */
#define assert_journal(world_, expected_) world_check_journal((world_), (expected_), __FILE__, __LINE__)
void world_check_journal(struct world *world, const char *expected, const char *file, int line);

/* The request as Redis has it; false when there is none. */
bool world_request(struct world *world, struct request_record *record);

/* For the doubles. */
void world_note(struct world *world, const char *word);
void world_look(struct world *world); /* what Redis has of the request now */
struct record_store world_port(struct world *world);
void world_move_clocks(int64_t milliseconds); /* but not Redis's */
bool world_answer_kafka(struct world *world);
bool world_answer_smtp(struct world *world);
void world_free_produced(struct world *world);

#endif
