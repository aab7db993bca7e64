/* Whether a request that the store does not know is admitted.
 *
 * Limits, coalescing and the user's current link are looked at only here, once in a request's life: a retry
 * never suppresses itself, and what is suppressed kills nothing.
 *
 * That a link is live is read off its request (leased or sent, not redeemed, not expired): whatever deletes a
 * token writes the request or the user in the same swap, so the token's record need not be read. */
#include "core/protocol/begin.h"

static const struct text nobody = {NULL, 0};

static void open_request(const struct begin_question *question, struct records *records,
                         struct decision *decision)
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
    return (newest->state == REQUEST_LEASED || newest->state == REQUEST_SENT) && newest->has_stored &&
           newest->redeemed_ms == 0 && records->now_ms < newest->expires_ms;
}

static bool is_coalesced(const struct begin_question *question, const struct records *records)
{
    enum lane lane = method_traits(question->method)->lane;
    const struct standing *standing = &records->user.newest[lane];
    const struct request_record *newest = &records->newest[lane];
    int64_t window_end = standing->admitted_ms + question->limits->coalesce_ms;
    if (records->now_ms >= window_end || standing->actor_class != question->actor_class ||
        !standing->has_target || standing->method != question->method ||
        memcmp(standing->target, question->recipient, TOKEN_RECIPIENT_SIZE) != 0)
        return false;
    return newest->state != REQUEST_PENDING || newest->due_ms <= window_end;
}

static bool is_protected(const struct begin_question *question, const struct records *records)
{
    const struct standing *standing = &records->user.newest[LANE_LINK];
    return question->actor_class == ACTOR_SELF && standing->actor_class == ACTOR_ADMIN &&
           records->now_ms < standing->admitted_ms + question->limits->protect_admin_ms;
}

/* Forgets what is older than the period; true when the limit has no room. */
static bool is_full(struct record_times *times, const struct limit *limit, int64_t now_ms)
{
    size_t old = 0;
    uint64_t total = 0;
    while (old < times->count && (limit->count == 0 || times->at[old] <= now_ms - limit->period_ms))
        old++;
    times->count -= old;
    memmove(times->at, times->at + old, times->count * sizeof times->at[0]);
    memmove(times->weight, times->weight + old, times->count * sizeof times->weight[0]);
    for (size_t i = 0; i < times->count; i++)
        total += times->weight[i];
    return limit->count > 0 && total >= limit->count;
}

/* What comes within a 32nd of the period shares a time, where the limit is too large for a time each. */
static void count_admission(struct record_times *times, const struct limit *limit, int64_t now_ms)
{
    if (limit->count == 0)
        return;
    size_t last = times->count > 0 ? times->count - 1 : 0;
    bool shares = times->count > 0 && limit->count > RECORD_TIMES_MOST &&
                  now_ms - times->at[last] < limit->period_ms / 32;
    if (shares || times->count == RECORD_TIMES_MOST) {
        times->weight[last]++;
        return;
    }
    bool backwards = times->count > 0 && times->at[last] > now_ms; /* the clock was set back */
    times->at[times->count] = backwards ? times->at[last] : now_ms;
    times->weight[times->count++] = 1;
}

bool begin_asks_actor(const struct begin_question *question)
{
    const struct reset_limits *limits = question->limits;
    return limits->per_actor.count > 0 &&
           (question->actor_class == ACTOR_ADMIN || limits->per_user.count == 0);
}

static bool suppressed_by_limit(const struct begin_question *question, struct records *records,
                                struct decision *decision)
{
    const struct reset_limits *limits = question->limits;
    bool asks_actor = begin_asks_actor(question);
    struct record_times *own = &records->user.times[question->actor_class];
    enum reason reason = REASON_NONE;
    if (is_full(own, &limits->per_user, records->now_ms))
        reason = REASON_USER_LIMIT;
    else if (is_full(&records->recipient, &limits->per_recipient, records->now_ms))
        reason = REASON_RECIPIENT_LIMIT;
    else if (asks_actor && records->actor_requests >= limits->per_actor.count)
        reason = REASON_ACTOR_LIMIT;
    if (limits->per_recipient.count > 0)
        decision->recipient = FATE_COMPARED;
    if (reason != REASON_NONE) {
        request_close(records, decision, REQUEST_SUPPRESSED, reason, nobody);
        return true;
    }
    count_admission(own, &limits->per_user, records->now_ms);
    count_admission(&records->recipient, &limits->per_recipient, records->now_ms);
    if (limits->per_recipient.count > 0)
        decision->recipient = FATE_WRITTEN;
    decision->counts_actor = asks_actor;
    return false;
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
    if (!records->has_user)
        records->user = (struct user_record){.times[TIMES_SELF] = records->user.times[TIMES_SELF],
                                             .times[TIMES_ADMIN] = records->user.times[TIMES_ADMIN]};
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
        open_request(question, records, decision);
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_UNKNOWN_USER, nobody);
        return;
    }
    enum lane lane = method_traits(question->method)->lane;
    struct text newest = begin_newest(question, records);
    if (newest.size > 0 && !text_equal(newest, question->request_id) && !records->newest_read[lane]) {
        decision->wants_newest[lane] = true;
        return;
    }
    open_request(question, records, decision);
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
    if (suppressed_by_limit(question, records, decision))
        return;
    succeed_newest(question, records, decision);
    begin_take_lease(question, records, decision);
}
