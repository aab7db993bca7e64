/* Whether a request that the store does not know is admitted.
 *
 * Limits, coalescing and the user's current link are looked at only here, once in a request's life: a retry
 * never suppresses itself, and what is suppressed kills nothing.
 *
 * That a link is live is read off its request (leased or sent, not redeemed, not expired): whatever deletes a
 * token writes the request or the user in the same swap, so the token's record need not be read. */
#include "core/protocol/begin.h"

static const struct text nobody = {NULL, 0};

void begin_open(const struct begin_question *question, struct records *records, struct decision *decision)
{
    if (records->born_ms == 0) {
        decision->sets_born = true;
        records->born_ms = records->now_ms;
    }
    bool lost = begin_t0(question, records) < records->born_ms || question->copy > 0;
    records->request = (struct request_record){
        .state = REQUEST_PENDING,
        .generation = question->generation,
        .copy = question->copy,
        .tries = question->copy,
        .maybe_mailed = lost,
        .rebuilt = lost,
        .slot = question->slot,
        .tenant = question->tenant,
        .begun_ms = records->now_ms,
        .method = question->method,
    };
    memcpy(records->request.digest, question->digest, EVENT_DIGEST_SIZE);
    records->has_request = true;
}

/* Whether the user's newest request can still bring its link. */
static bool newest_delivers(const struct begin_question *question, const struct records *records)
{
    enum lane lane = method_traits(question->method)->lane;
    const struct request_record *newest = &records->newest[lane];
    if (!records->has_newest[lane])
        return false;
    if (newest->state == REQUEST_PENDING)
        return true;
    bool has_secret = lane == LANE_LINK ? newest->has_stored : newest->has_inc;
    return (newest->state == REQUEST_LEASED || newest->state == REQUEST_SENT) && has_secret &&
           newest->redeemed_ms == 0 && records->now_ms < newest->expires_ms &&
           newest->made_ms >= question->not_before_ms;
}

static bool is_coalesced(const struct begin_question *question, const struct records *records)
{
    enum lane lane = method_traits(question->method)->lane;
    const struct standing *standing = &records->user.newest[lane];
    const struct request_record *newest = &records->newest[lane];
    int64_t window_end = standing->admitted_ms + question->limits->coalesce_ms;
    if (!method_traits(question->method)->coalesces || records->now_ms >= window_end ||
        standing->actor_class != question->actor_class || !standing->has_target ||
        standing->method != question->method ||
        memcmp(standing->target, question->recipient, TOKEN_RECIPIENT_SIZE) != 0)
        return false;
    return newest->state != REQUEST_PENDING || newest->due_ms <= window_end;
}

static bool is_protected(const struct begin_question *question, const struct records *records)
{
    const struct standing *standing = &records->user.newest[LANE_LINK];
    return question->method == METHOD_LINK && question->actor_class == ACTOR_SELF &&
           standing->actor_class == ACTOR_ADMIN &&
           records->now_ms < standing->admitted_ms + question->limits->protect_admin_ms;
}

/* From here on the older link is dead for good, whatever becomes of this request. */
static void succeed_newest(const struct begin_question *question, struct records *records,
                           struct decision *decision)
{
    enum lane lane = method_traits(question->method)->lane;
    struct request_record *newest = &records->newest[lane];
    if (records->has_newest[lane] && newest->redeemed_ms == 0 && newest->has_stored)
        decision_kill(decision, newest->stored);
    if (records->has_newest[lane] && newest->has_seed) {
        request_drop_seed(newest);
        decision->newest[lane] = FATE_WRITTEN;
    }
    struct standing *standing = begin_standing(question, records);
    standing->request_id = question->request_id;
    standing->t0_ms = begin_t0(question, records);
    standing->admitted_ms = records->now_ms;
    standing->actor_class = question->actor_class;
    standing->method = question->method;
    standing->has_target = true;
    memcpy(standing->target, question->recipient, TOKEN_RECIPIENT_SIZE);
    records->has_user = true;
    decision->user = FATE_WRITTEN;
}

void begin_admit(const struct begin_question *question, struct records *records, struct decision *decision)
{
    if (!question->known) {
        begin_open(question, records, decision);
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_UNKNOWN_USER, nobody);
        return;
    }
    enum lane lane = method_traits(question->method)->lane;
    user_open(records);
    if (lane == LANE_NONE) {
        begin_change(question, records, decision);
        return;
    }
    struct text newest = begin_newest(question, records);
    if (newest.size > 0 && !text_equal(newest, question->request_id) && !records->newest_read[lane]) {
        decision->wants_newest[lane] = true;
        return;
    }
    begin_open(question, records, decision);
    if (method_traits(question->method)->staged) /* whatever becomes of it */
        decision->staged = records->has_staged ? FATE_DELETED : FATE_COMPARED;
    if (begin_close_expired(question, records, decision))
        return;
    if (begin_is_revoked(question, records)) {
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_REVOKED, nobody);
        return;
    }
    if (records->has_user && begin_t0(question, records) < begin_standing(question, records)->t0_ms) {
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_SUPERSEDED, newest);
        return;
    }
    if (records->newest_read[lane])
        decision->newest[lane] = FATE_COMPARED;
    if (newest_delivers(question, records) && is_coalesced(question, records)) {
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_COALESCED, newest);
        return;
    }
    if (newest_delivers(question, records) && is_protected(question, records)) {
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_ADMIN_LINK, newest);
        return;
    }
    if (method_traits(question->method)->staged && !begin_is_staged(question, records)) {
        request_close(records, decision, REQUEST_EXPIRED, REASON_PASSWORD_LAPSED, nobody);
        return;
    }
    if (begin_close_limited(question, records, decision))
        return;
    succeed_newest(question, records, decision);
    if (method_traits(question->method)->staged)
        begin_activate(question, records, decision);
    begin_take_lease(question, records, decision);
}
