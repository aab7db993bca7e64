/* A password was changed: what was asked for before is over, and its user is told.
 *
 * The ending never depends on the mail: an event that is too old, or one too many, ends all the same.  Its
 * place in time is the event's, not the store's, so that a delayed event ends nothing that was asked for
 * after it; asked again, or by the second event for the previous address, it finds nothing left to end.  A
 * claimed link stays for those who may ask again for the answer to their redemption. */
#include "core/protocol/begin.h"

static bool was_asked_before(const struct begin_question *question, const struct records *records,
                             enum lane lane)
{
    const struct standing *standing = &records->user.newest[lane];
    return standing_names_request(standing) &&
           standing->t0_ms <= begin_t0(question, records) + DECISION_SKEW_MS;
}

static bool names(const struct begin_question *question, struct text request_id)
{
    return question->completes.size > 0 && text_equal(question->completes, request_id);
}

static bool wants_more(const struct begin_question *question, const struct records *records,
                       struct decision *decision)
{
    bool wants = false, is_newest = false;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        const struct standing *standing = &records->user.newest[lane];
        bool named = standing_names_request(standing) && names(question, standing->request_id);
        is_newest = is_newest || named;
        if ((named || was_asked_before(question, records, lane)) && !records->newest_read[lane] &&
            !text_equal(standing->request_id, question->request_id))
            wants = decision->wants_newest[lane] = true;
    }
    if (question->completes.size > 0 && !is_newest && !names(question, question->request_id) &&
        !records->named_read)
        wants = decision->wants_named = true;
    return wants;
}

/* Where the request that led to the change stands, if it is this user's. */
static void complete(const struct begin_question *question, struct records *records,
                     struct decision *decision)
{
    struct request_record *named = NULL;
    enum record_fate *fate = NULL;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        if (records->newest_read[lane] && names(question, records->user.newest[lane].request_id)) {
            fate = &decision->newest[lane];
            named = records->has_newest[lane] ? &records->newest[lane] : NULL;
        }
    if (!fate && records->named_read) {
        fate = &decision->named;
        named = records->has_named ? &records->named : NULL;
    }
    if (fate)
        *fate = FATE_COMPARED;
    if (!named || !text_equal(named->slot, question->slot) || method_traits(named->method)->lane == LANE_NONE)
        return;
    records->request.completes = question->completes;
    if (named->completed_ms == 0) {
        named->completed_ms = records->now_ms;
        *fate = FATE_WRITTEN;
    }
}

void begin_change(const struct begin_question *question, struct records *records, struct decision *decision)
{
    if (wants_more(question, records, decision))
        return;
    begin_open(question, records, decision);
    complete(question, records, decision);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        if (was_asked_before(question, records, lane))
            standing_end(records, lane, true, decision);
    int64_t t0 = begin_t0(question, records);
    if (records->user.fence_ms < t0)
        records->user.fence_ms = t0;
    decision->user = FATE_WRITTEN;
    if (begin_close_expired(question, records, decision) || begin_close_noticed(question, records, decision))
        return;
    begin_take_lease(question, records, decision);
}
