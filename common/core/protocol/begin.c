/* Whether a run may mail: asked at each delivery of a request, with a candidate for a new link.
 *
 * A request that the store does not know is admitted or suppressed (admission.c).  A known one goes on where
 * it was, unless it ended, a newer request was admitted meanwhile, or somebody else's lease runs. */
#include "core/protocol/begin.h"

static const struct text nobody = {NULL, 0};

int64_t begin_t0(const struct begin_question *question, const struct records *records)
{
    return question->t0_ms < records->now_ms ? question->t0_ms : records->now_ms;
}

static bool is_older(const struct begin_question *question, const struct request_record *request)
{
    if (question->generation != request->generation)
        return question->generation < request->generation;
    return question->copy < request->copy;
}

struct standing *begin_standing(const struct begin_question *question, struct records *records)
{
    return &records->user.newest[method_traits(question->method)->lane];
}

static bool is_newest(const struct begin_question *question, const struct records *records)
{
    enum lane lane = method_traits(question->method)->lane;
    return lane == LANE_NONE ||
           (records->has_user && text_equal(records->user.newest[lane].request_id, question->request_id));
}

bool begin_is_revoked(const struct begin_question *question, const struct records *records)
{
    int64_t t0 = begin_t0(question, records);
    if (method_traits(question->method)->lane == LANE_NONE) /* a change's own fence is not for itself */
        return false;
    return records->has_user && records->user.fence_ms > 0 && t0 <= records->user.fence_ms + DECISION_SKEW_MS;
}

struct text begin_newest(const struct begin_question *question, const struct records *records)
{
    enum lane lane = method_traits(question->method)->lane;
    if (!records->has_user || lane == LANE_NONE)
        return nobody;
    struct text newest = records->user.newest[lane].request_id;
    return text_equal(newest, USER_REVOKED) ? nobody : newest;
}

bool begin_close_expired(const struct begin_question *question, struct records *records,
                         struct decision *decision)
{
    int64_t too_old = begin_t0(question, records) + DECISION_LIFE_MS;
    bool has_own_end = question->not_after_ms > 0 && question->not_after_ms < too_old;
    if (records->now_ms < (has_own_end ? question->not_after_ms : too_old))
        return false;
    request_close(records, decision, REQUEST_EXPIRED, has_own_end ? REASON_NOT_AFTER : REASON_TOO_OLD,
                  nobody);
    return true;
}

/* A dead letter that was replayed: the next generation, with nothing left of the last but its history. */
static void reopen(struct request_record *request)
{
    request_drop_seed(request);
    request->state = REQUEST_PENDING;
    request->tries = request->lost = 0;
    request->has_inc = request->has_stored = request->has_finisher = request->maybe_mailed = false;
    request->reason = REASON_NONE;
    request->into = request->kid = request->enhanced = nobody;
    request->reply_code = 0;
    request->due_ms = 0;
    if (!method_traits(request->method)->staged) /* a password that was shown counts as long as it does */
        request->expires_ms = request->made_ms = 0;
}

/* Whether a running lease settles the question; one that is over leaves its trace in the record. */
static bool settled_by_lease(const struct begin_question *question, struct records *records,
                             struct decision *decision)
{
    struct request_record *request = &records->request;
    bool mine = request->has_owner && memcmp(request->owner, question->owner, RECORD_OWNER_SIZE) == 0;
    bool seedless = method_traits(question->method)->mailed == SECRET_NONE;
    if (mine && is_newest(question, records) && (request->has_seed || seedless)) {
        request->lease_ms = records->now_ms + question->lease_ms;
        decision->request = FATE_WRITTEN;
        decision->verdict = VERDICT_LEASE;
        return true;
    }
    if (mine) /* the same question again, and a newer request came between: nothing was mailed */
        return false;
    /* Whoever has it renews it or is late, whatever the store's clock says: it may have been set back. */
    bool stands_still =
        request->lease_ms == question->watched_lease_ms && question->watched_ms > question->lease_ms;
    if (request->lease_ms > records->now_ms && !stands_still) {
        decision->rest_ms = request->lease_ms - records->now_ms;
        decision->verdict = VERDICT_BUSY;
        return true;
    }
    request->maybe_mailed = true; /* nobody knows how far the last owner went */
    request->lost++;
    return false;
}

static void begin_known(const struct begin_question *question, struct records *records,
                        struct decision *decision)
{
    struct request_record *request = &records->request;
    if (memcmp(request->digest, question->digest, EVENT_DIGEST_SIZE) != 0) {
        decision->verdict = VERDICT_MISMATCH;
        return;
    }
    if (is_older(question, request)) {
        decision->verdict = VERDICT_STALE;
        return;
    }
    if (request_state_is_terminal(request->state)) {
        decision->verdict = VERDICT_DONE;
        if (request->state != REQUEST_DEAD || question->generation == request->generation)
            return;
        reopen(request);
    } else if (request->state == REQUEST_LEASED && settled_by_lease(question, records, decision)) {
        return;
    }
    request->generation = question->generation;
    request->copy = question->copy;
    bool newest = is_newest(question, records);
    if (begin_is_revoked(question, records) ||
        (!newest && begin_newest(question, records).size == 0 && records->has_user))
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_REVOKED, nobody);
    else if (!newest)
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_SUPERSEDED,
                      begin_newest(question, records));
    else if (begin_close_expired(question, records, decision))
        return;
    else if (request->lost > DECISION_LOST_MOST)
        request_close(records, decision, REQUEST_DEAD, REASON_LOST_LEASES, nobody);
    else
        begin_take_lease(question, records, decision);
}

void decide_begin(const struct begin_question *question, struct records *records, struct decision *decision)
{
    /* An unknown user has no record to compare. */
    enum record_fate user = question->known ? FATE_COMPARED : FATE_UNTOUCHED;
    *decision = (struct decision){.user = user, .request = FATE_COMPARED};
    if (records->has_request)
        begin_known(question, records, decision);
    else
        begin_admit(question, records, decision);
}
