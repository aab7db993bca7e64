/* What an application asks about a link: is it good, take it, take all of them away.
 *
 * A redemption claims the token's record for the one who asked, for five minutes, so that only he may ask
 * again; and it ends the request: the link came back, so the mail arrived, whatever SMTP still says. */
#include <sodium.h>

#include "core/protocol/closing.h"

static bool is_current(const struct records *records)
{
    return records->has_user &&
           text_equal(records->user.newest[LANE_LINK].request_id, records->token.request_id);
}

void decide_check(const struct records *records, int64_t not_before_ms, struct decision *decision)
{
    *decision = (struct decision){.verdict = VERDICT_NONE};
    if (!records->has_token || !is_current(records))
        return;
    if (records->token.claimed)
        decision->verdict = VERDICT_CLAIMED;
    else if (records->now_ms < records->token.expires_ms && records->token.made_ms >= not_before_ms)
        decision->verdict = VERDICT_OK;
}

/* The record is that of the caller's link, for the address the caller has. */
static bool is_meant(const struct redeem_question *question, const struct token_record *token)
{
    return sodium_memcmp(token->mac, question->mac, TOKEN_MAC_SIZE) == 0 &&
           sodium_memcmp(token->recipient, question->recipient, TOKEN_RECIPIENT_SIZE) == 0;
}

static bool is_redeemable(const struct redeem_question *question, const struct records *records)
{
    const struct request_record *request = &records->request;
    return is_current(records) && records->now_ms < records->token.expires_ms &&
           records->token.made_ms >= question->not_before_ms && records->has_request && request->has_stored &&
           request->redeemed_ms == 0 && /* an older copy of the token's record was put back */
           text_equal((struct text){request->stored, TOKEN_STORED_LENGTH}, question->stored);
}

void decide_redeem(const struct redeem_question *question, struct records *records, struct decision *decision)
{
    struct token_record *token = &records->token;
    struct request_record *request = &records->request;
    *decision = (struct decision){
        .verdict = VERDICT_NONE, .user = FATE_COMPARED, .request = FATE_COMPARED, .token = FATE_COMPARED};
    if (!records->has_token || !is_meant(question, token))
        return;
    if (token->claimed) {
        if (sodium_memcmp(token->claim, question->claim, RECORD_OWNER_SIZE) == 0)
            decision->verdict = VERDICT_OK;
        return;
    }
    if (!is_redeemable(question, records))
        return;
    token->claimed = true;
    memcpy(token->claim, question->claim, RECORD_OWNER_SIZE);
    if (!request_state_is_terminal(request->state))
        request_close(records, decision, REQUEST_SENT, REASON_REDEEMED, (struct text){NULL, 0});
    request->redeemed_ms = records->now_ms;
    decision->request = decision->token = FATE_WRITTEN;
    decision->token_until_ms = records->now_ms + DECISION_CLAIM_MS;
    decision->verdict = VERDICT_OK;
}

void decide_revoke(bool keeps_claimed, struct records *records, struct decision *decision)
{
    bool wants = false;
    *decision = (struct decision){.user = FATE_WRITTEN};
    user_open(records);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        bool names = standing_names_request(&records->user.newest[lane]);
        decision->wants_newest[lane] = names && !records->newest_read[lane];
        wants = wants || decision->wants_newest[lane];
    }
    if (wants)
        return;
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        standing_end(records, lane, keeps_claimed, decision);
    records->user.fence_ms = records->now_ms;
    decision->verdict = VERDICT_OK;
}
