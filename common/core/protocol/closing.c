/* How a request ends, whoever ends it. */
#include "core/protocol/closing.h"

#include <assert.h>

#include <sodium.h>

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_UNKNOWN] = "unknown", [VERDICT_LEASE] = "lease", [VERDICT_DONE] = "done",
        [VERDICT_BUSY] = "busy",       [VERDICT_STALE] = "stale", [VERDICT_MISMATCH] = "mismatch",
        [VERDICT_OK] = "ok",           [VERDICT_LOST] = "lost",   [VERDICT_GONE] = "gone",
        [VERDICT_CLAIMED] = "claimed", [VERDICT_NONE] = "none",
    };
    return (size_t)verdict < sizeof names / sizeof names[0] ? names[verdict] : "unknown";
}

void decision_kill(struct decision *decision, const char stored[TOKEN_STORED_LENGTH])
{
    assert(decision->killed_count < sizeof decision->killed / sizeof decision->killed[0]);
    memcpy(decision->killed[decision->killed_count++], stored, TOKEN_STORED_LENGTH);
}

void request_drop_seed(struct request_record *request)
{
    sodium_memzero(request->seed, sizeof request->seed);
    request->has_seed = false;
}

void request_drop_link(struct request_record *request, struct decision *decision)
{
    if (request->has_stored)
        decision_kill(decision, request->stored);
    request->has_stored = false;
}

bool standing_names_request(const struct standing *standing)
{
    return standing->request_id.size > 0 && !text_equal(standing->request_id, USER_REVOKED);
}

void user_open(struct records *records)
{
    if (!records->has_user)
        records->user = (struct user_record){.fence_ms = 0};
    records->has_user = true;
}

void standing_end(struct records *records, enum lane lane, bool keeps_claimed, struct decision *decision)
{
    struct request_record *newest = &records->newest[lane];
    if (records->newest_read[lane] && decision->newest[lane] == FATE_UNTOUCHED)
        decision->newest[lane] = FATE_COMPARED;
    if (records->has_newest[lane]) {
        if (newest->has_stored && !(keeps_claimed && newest->redeemed_ms > 0))
            decision_kill(decision, newest->stored);
        if (newest->has_seed) {
            request_drop_seed(newest);
            decision->newest[lane] = FATE_WRITTEN;
        }
    }
    if (lane == LANE_PASSWORD)
        decision->password = FATE_DELETED_BLIND;
    records->user.newest[lane] = (struct standing){.request_id = USER_REVOKED};
}

void request_close(struct records *records, struct decision *decision, enum request_state state,
                   enum reason reason, struct text into)
{
    struct request_record *request = &records->request;
    if (state != REQUEST_SENT)
        request_drop_link(request, decision);
    request_drop_seed(request);
    request->has_owner = request->has_finisher = false;
    request->lease_ms = request->due_ms = 0;
    request->state = state;
    request->reason = reason;
    request->into = into;
    request->changed_ms = records->now_ms;
    decision->request = FATE_WRITTEN;
    decision->verdict = VERDICT_DONE;
}
