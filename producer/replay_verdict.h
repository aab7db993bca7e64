/* What becomes of one dead letter: judged as a worker would judge it now, without asking anybody. */
#ifndef PRODUCER_REPLAY_VERDICT_H
#define PRODUCER_REPLAY_VERDICT_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/policy.h"
#include "core/publishers.h"
#include "io/retry_copy.h"

enum replay_verdict {
    REPLAY_REPLAYED, /* fit to be written to the first retry topic; with --dry-run: would be */
    REPLAY_DROPPED,  /* the same, but passed over (--drop) */
    REPLAY_EXPIRED,  /* too late for it */
    REPLAY_SKIPPED,  /* no worker would take it as it is now */
    REPLAY_UNPICKED, /* not what --id and --reason ask for: no line */
    REPLAY_FAILED    /* Kafka did not acknowledge it */
};

/* What to judge by; nothing is owned. */
struct replay_rules {
    const struct publishers *publishers;
    const struct policy *policy;
    bool accept_unsigned;
    bool drop;
    int64_t now_ms;                          /* since 1970 */
    const char *const *ids, *const *reasons; /* what is picked; a letter must match both, where given */
    size_t id_count, reason_count;
};

struct replay_letter {
    enum replay_verdict verdict;
    char request_id[EVENT_ID_SIZE]; /* "" where the letter is not believed or cannot be read */
    char reason[40];                /* of its death, as its header says; "" where there is none */
    struct retry_position position; /* of the copy to be written, where it is fit */
    uint32_t generation;            /* of the letter */
    char why[400];                  /* one sentence; "" where there is nothing to say */
};

/* Total over any record. */
void replay_judge(const struct replay_rules *rules, const struct kafka_record *record,
                  struct replay_letter *letter);

/* Appends the letter's result line. */
void replay_write(const struct replay_letter *letter, const struct kafka_record *record, bool dry_run,
                  struct buffer *out);

#endif
