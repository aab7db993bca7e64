/* What a run tells of its attempt.
 *
 * That a mail was accepted is a fact, and counts from whoever tells it, as long as it was this link;
 * everything else is the lease owner's to say.  A question asked again after a lost reply finds what it did:
 * a terminal record, or its own mark in a pending one. */
#include "core/protocol/closing.h"

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static bool is_owner(const unsigned char *owner, bool has, const unsigned char *asked)
{
    return has && memcmp(owner, asked, RECORD_OWNER_SIZE) == 0;
}

static void note_reply(const struct finish_question *question, struct request_record *request)
{
    if (question->reply_code > 0) {
        request->reply_code = question->reply_code;
        request->enhanced = question->enhanced;
    }
}

/* Hands the request to whoever begins next. */
static void set_pending(const struct finish_question *question, struct records *records,
                        struct decision *decision)
{
    struct request_record *request = &records->request;
    if (question->result == FINISH_PENDING) {
        request->copy = larger(request->copy, question->copy);
        request->tries++;
        request->due_ms = question->due_ms;
        note_reply(question, request);
    }
    if (!request->maybe_mailed) { /* nobody has that link */
        request_drop_link(request, decision);
        request_drop_seed(request);
    }
    request->state = REQUEST_PENDING;
    request->has_finisher = true;
    memcpy(request->finisher, question->owner, RECORD_OWNER_SIZE);
    request->has_owner = false;
    request->lease_ms = 0;
    request->changed_ms = records->now_ms;
}

static void finish_as_owner(const struct finish_question *question, struct records *records,
                            struct decision *decision)
{
    struct request_record *request = &records->request;
    decision->verdict = VERDICT_OK;
    decision->request = FATE_WRITTEN;
    if (question->result == FINISH_RENEW) {
        request->lease_ms = records->now_ms + question->lease_ms;
        return;
    }
    if (question->result == FINISH_PARK) {
        request->copy = larger(request->copy, question->copy);
        return;
    }
    request->maybe_mailed = request->maybe_mailed || question->maybe_mailed;
    if (question->result == FINISH_DEAD) {
        request->tries++;
        note_reply(question, request);
        request_close(records, decision, REQUEST_DEAD, question->reason, (struct text){NULL, 0});
    } else {
        set_pending(question, records, decision);
    }
}

void decide_finish(const struct finish_question *question, struct records *records, struct decision *decision)
{
    struct request_record *request = &records->request;
    *decision = (struct decision){.request = FATE_COMPARED};
    if (!records->has_request) {
        decision->verdict = VERDICT_GONE;
    } else if (request_state_is_terminal(request->state)) {
        decision->verdict = VERDICT_DONE;
    } else if (!request->has_inc || memcmp(request->inc, question->inc, RECORD_INC_SIZE) != 0) {
        decision->verdict = VERDICT_LOST;
    } else if (question->result == FINISH_SENT) {
        request->tries++;
        note_reply(question, request);
        request_close(records, decision, REQUEST_SENT, REASON_NONE, (struct text){NULL, 0});
    } else if (request->state == REQUEST_PENDING &&
               is_owner(request->finisher, request->has_finisher, question->owner)) {
        decision->verdict = VERDICT_OK;
    } else if (request->state != REQUEST_LEASED ||
               !is_owner(request->owner, request->has_owner, question->owner)) {
        decision->verdict = VERDICT_LOST;
    } else {
        finish_as_owner(question, records, decision);
    }
}
