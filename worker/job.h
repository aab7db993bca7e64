/* One record under way, from Kafka to its one disposition.
 *
 * A job follows a plan: a row of steps (plans.c has the tables).  A step does its work and says NEXT, or
 * starts something on the loop, says WAIT, and job_answered tells later how it ended; or it puts the job on
 * another plan. */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include "core/audit.h"
#include "core/event.h"
#include "worker/disposition.h"
#include "worker/plans.h"
#include "worker/worker.h"

enum progress {
    PROGRESS_NEXT,  /* the plan's next step */
    PROGRESS_PLAN,  /* job_follow was called: its first step */
    PROGRESS_WAIT,  /* job_answered comes later (or came already) */
    PROGRESS_AGAIN, /* this step once more, from the start */
    PROGRESS_ENDED  /* the job is freed */
};

/* Where a mail is; the relay alone knows more after the dot. */
enum mail_state { MAIL_NONE, MAIL_UNDER_WAY, MAIL_AT_DOT, MAIL_ANSWERED };

struct job {
    struct worker *worker;
    struct job *next, **link; /* worker->jobs */

    /* The record and what it says. */
    size_t lane;
    struct kafka_record *record;
    struct retry_position position;
    struct reset_event *event;
    char publisher[SIGNATURE_PUBLISHER_MOST + 1];
    bool false_voucher; /* the event named one whom its publisher may not name */
    unsigned char mailbox[TOKEN_MAILBOX_SIZE];
    char mailbox_kid[KEYRING_KID_MOST + 1];

    /* Where it is. */
    const enum step *plan; /* points to the step under way */
    bool running;          /* job_run is at work on it */
    bool answered;         /* `answer` is what the waiting step comes to */
    enum progress answer;
    int64_t step_began_us;
    int64_t wake_at_ms; /* monotonic; STEP_REST */
    struct gate_waiter waiter;
    bool revoked; /* the partition is somebody else's */

    /* The lease. */
    struct reset_begin question;
    bool asked;                          /* `question` may have been heard: ask the same again */
    int64_t lease_until_ms;              /* CLOCK_BOOTTIME, with the margin taken off */
    int64_t lease_asked_ms;              /* when begin or renew was last sent */
    int64_t watched_lease_ms;            /* somebody else's lease, as Redis has it; 0: none */
    int64_t watched_since_ms;            /* CLOCK_BOOTTIME, when it was first seen */
    int64_t redis_ms, redis_boottime_ms; /* Redis's clock as an answer told it, and ours at that moment */
    bool renewing, lease_lost;

    /* The mail. */
    struct buffer message; /* secret */
    bool needs_smtputf8;
    enum mail_state mail_state;
    struct smtp_delivery *delivery;
    struct smtp_result result;
    int64_t dot_at_ms;  /* monotonic */
    unsigned shutdowns; /* so many answers were disposition_is_shutdown */
    bool parked;        /* its successor copy is durable and the offset is given back */

    /* How it ends: what the steps of the plan write down. */
    struct reset_finish finish, renewal;
    struct retry_position copy; /* of the retry copy or dead letter */
    unsigned copy_tier;
    bool bare_letter; /* Kafka takes no dead letter with the content of the record */
    enum outcome outcome;
    enum reason reason, detail;
    char fault[400];      /* one sentence about a dead letter */
    bool told;            /* the audit line is on stdout and counted */
    bool completion_told; /* the same of the record that the password was changed */
    bool from_record;     /* outcome and reason come from Redis's record (`ended`) */
    struct job_ending {   /* that record, as far as the audit tells it */
        uint32_t generation, copy, attempt;
        char incarnation[2 * RECORD_INC_SIZE + 1], into[64], enhanced[24];
        char
            completes[EVENT_ID_SIZE]; /* what a change of the password led from; "": nothing of this user's */
        unsigned reply_code;
        bool maybe_mailed, rebuilt;
    } ended;

    struct reset_lease lease; /* last: neither made zero nor wiped beyond what it has (job_new, job_free) */
};

/* Takes the record over. NULL without memory (the record is still the caller's). */
struct job *job_new(struct worker *worker, size_t lane, struct kafka_record *record);

/* Wipes and frees; nothing may be waiting for it. */
void job_free(struct job **job);

/* The next step to run is the plan's first. */
enum progress job_follow(struct job *job, const enum step *plan);

/* Runs steps until one waits or the job ends; the job may be gone afterwards. */
void job_run(struct job *job);

/* How the waiting step ended; also from inside the step.  The job may be gone afterwards. */
void job_answered(struct job *job, enum progress progress);

/* The rest of a waiting step is done when `dependency` is back: reports the failure and tries the step again.
 */
enum progress job_hold(struct job *job, enum dependency dependency, const char *reason);

/* Ends as a dead letter without having asked Redis: nothing can be remembered of an unreadable record. */
enum progress job_bury(struct job *job, enum reason reason, const char *fault);

/* Gives the event up to whoever owns it next: releases the lease where there is one. */
enum progress job_give_up(struct job *job);

/* From outside: the partition is gone, the worker ends, or time has passed. */
void job_revoke(struct job *job);
void job_end_in_drain(struct job *job);
void job_tick(struct job *job, int64_t now_ms);

enum step job_step(const struct job *job);
const char *step_name(enum step step);

#endif
