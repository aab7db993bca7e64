/* The limits of admission: how many requests of a user's in each class, for a mailbox, of an actor or of a
 * key in bulk; and how many notices of a changed password.
 *
 * They say nothing to whoever asks: what is over a limit is suppressed, and kills nothing.  The mailbox's
 * count is that of whoever asks (own requests, each company's administrators and notices apart). */
#include "core/protocol/begin.h"

static const struct text nobody = {NULL, 0};

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

const struct limit *begin_mailbox_limit(const struct begin_question *question)
{
    bool notice = method_traits(question->method)->lane == LANE_NONE;
    return notice ? &question->limits->per_notice : &question->limits->per_recipient;
}

const struct limit *begin_actor_limit(const struct begin_question *question)
{
    return question->in_bulk ? &question->limits->per_bulk : &question->limits->per_actor;
}

bool begin_asks_actor(const struct begin_question *question)
{
    const struct reset_limits *limits = question->limits;
    if (method_traits(question->method)->lane == LANE_NONE)
        return false;
    return begin_actor_limit(question)->count > 0 &&
           (question->actor_class == ACTOR_ADMIN || limits->per_user.count == 0);
}

bool begin_close_limited(const struct begin_question *question, struct records *records,
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
    else if (asks_actor && records->actor_requests >= begin_actor_limit(question)->count)
        reason = begin_actor_limit(question) == &limits->per_bulk ? REASON_BULK_LIMIT : REASON_ACTOR_LIMIT;
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

bool begin_close_noticed(const struct begin_question *question, struct records *records,
                         struct decision *decision)
{
    struct record_times *notices = &records->user.times[TIMES_NOTICE];
    const struct limit *limit = &question->limits->per_notice;
    bool full = is_full(notices, limit, records->now_ms);
    full = is_full(&records->recipient, limit, records->now_ms) || full;
    if (limit->count > 0)
        decision->recipient = full ? FATE_COMPARED : FATE_WRITTEN;
    if (full) {
        request_close(records, decision, REQUEST_SUPPRESSED, REASON_NOTICE_LIMIT, nobody);
        return true;
    }
    count_admission(notices, limit, records->now_ms);
    count_admission(&records->recipient, limit, records->now_ms);
    return false;
}
