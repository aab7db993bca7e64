/* The lease and its link.
 *
 * A link is minted anew whenever surely no mail with the older one is out; where one may be out, the same
 * link and its time stay, so that a second mail says the same.  One that expired meanwhile is of no use to
 * anybody and is minted anew too (possible only where token.ttl is shorter than a request's life). */
#include "core/protocol/begin.h"

#include <sodium.h>

#include "core/keyring.h"

/* A new link, valid from now; the older one of this request, if any, was surely never mailed. */
static void mint(const struct begin_question *question, struct records *records, struct decision *decision)
{
    const struct link_candidate *candidate = &question->candidate;
    struct request_record *request = &records->request;
    request_drop_link(request, decision);

    char token[TOKEN_LENGTH + 1], stored[TOKEN_STORED_LENGTH + 1];
    token_derive(candidate->token_key, question->tenant, question->user_id, question->request_id,
                 candidate->seed, token);
    token_stored((struct text){token, TOKEN_LENGTH}, stored);
    sodium_memzero(token, sizeof token);
    memcpy(request->stored, stored, TOKEN_STORED_LENGTH);
    memcpy(request->seed, candidate->seed, TOKEN_SEED_SIZE);
    memcpy(request->inc, candidate->inc, RECORD_INC_SIZE);
    request->has_stored = request->has_seed = request->has_inc = true;
    request->kid = text_of(candidate->token_key->kid);
    request->expires_ms = records->now_ms + question->token_ttl_ms;

    struct token_record *link = &records->token;
    *link = (struct token_record){
        .request_id = question->request_id,
        .expires_ms = request->expires_ms,
        .tenant = question->tenant,
        .user_id = question->user_id,
        .method = question->method,
        .kid = text_of(candidate->record_key->kid),
    };
    memcpy(link->inc, candidate->inc, RECORD_INC_SIZE);
    memcpy(link->recipient, question->recipient, TOKEN_RECIPIENT_SIZE);
    struct token_claims claims = {
        .stored = {stored, TOKEN_STORED_LENGTH},
        .tenant = link->tenant,
        .user_id = link->user_id,
        .method = text_of(method_name(link->method)),
        .request_id = link->request_id,
        .recipient = link->recipient,
        .expires_at = link->expires_ms,
    };
    token_mac(candidate->record_key, &claims, link->mac);
    records->has_token = true;
    decision->token = FATE_WRITTEN_BLIND;
    decision->token_until_ms = link->expires_ms;
}

void begin_take_lease(const struct begin_question *question, struct records *records,
                      struct decision *decision)
{
    struct request_record *request = &records->request;
    bool keeps_link = request->maybe_mailed && request->has_inc && request->has_seed && request->has_stored &&
                      records->now_ms < request->expires_ms;
    if (!keeps_link)
        mint(question, records, decision);
    request->state = REQUEST_LEASED;
    request->has_owner = true;
    memcpy(request->owner, question->owner, RECORD_OWNER_SIZE);
    request->has_finisher = false;
    request->due_ms = 0;
    request->lease_ms = records->now_ms + question->lease_ms;
    request->changed_ms = records->now_ms;
    decision->request = FATE_WRITTEN;
    decision->verdict = VERDICT_LEASE;
}
