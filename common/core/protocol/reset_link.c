/* An application's questions about a link: is it good, take it, take them all away.
 *
 * check learns from the token's record whose link it is, so it reads twice; it changes nothing, and what it
 * says may be over when redeem asks, which compares everything again. */
#include "core/protocol/exchange.h"

static void decide_on_check(struct exchange *exchange)
{
    struct records *records = &exchange->records;
    if (records->has_token && exchange->held[SLOT_USER].key_size == 0) {
        token_slot(records->token.tenant, records->token.user_id, exchange->slot);
        exchange_key(exchange, SLOT_USER, "user:", text_of(exchange->slot));
        exchange->decision = (struct decision){.verdict = VERDICT_UNKNOWN};
        exchange->wanted = SLOT_USER;
        return;
    }
    decide_check(records, exchange->store->settings.not_before_ms, &exchange->decision);
}

void reset_store_check(struct reset_store *store, struct text stored, reset_store_callback *done,
                       void *context)
{
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_check;
    if (stored.size == TOKEN_STORED_LENGTH && exchange_key(exchange, SLOT_TOKEN, "token:", stored))
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the token");
}

struct token_claims reset_token_claims(const struct token_record *token, struct text stored)
{
    return (struct token_claims){
        .stored = stored,
        .tenant = token->tenant,
        .user_id = token->user_id,
        .method = text_of(method_name(token->method)),
        .request_id = token->request_id,
        .recipient = token->recipient,
        .expires_at = token->expires_ms,
        .made_at = token->made_ms,
    };
}

static void decide_on_redeem(struct exchange *exchange)
{
    const struct reset_redeem *asked = exchange->question;
    struct redeem_question question = {
        .stored = asked->stored,
        .claim = asked->claim,
        .recipient = asked->recipient,
        .mac = asked->mac,
        .not_before_ms = exchange->store->settings.not_before_ms,
    };
    decide_redeem(&question, &exchange->records, &exchange->decision);
}

void reset_store_redeem(struct reset_store *store, const struct reset_redeem *question,
                        reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, question, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_redeem;
    exchange->allow_oom = exchange->settles = true;
    token_slot(question->tenant, question->user_id, exchange->slot);
    if (question->stored.size == TOKEN_STORED_LENGTH &&
        exchange_name_request(exchange, question->request_id) &&
        exchange_key(exchange, SLOT_TOKEN, "token:", question->stored) &&
        exchange_key(exchange, SLOT_USER, "user:", text_of(exchange->slot)))
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the token");
}

static void decide_on_revoke(struct exchange *exchange)
{
    decide_revoke(false, &exchange->records, &exchange->decision);
}

static void decide_on_changed(struct exchange *exchange)
{
    decide_revoke(true, &exchange->records, &exchange->decision);
}

static void revoke(struct reset_store *store, struct text tenant, struct text user_id,
                   void (*decide)(struct exchange *exchange), reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    exchange->decide = decide;
    exchange->allow_oom = exchange->settles = true;
    token_slot(tenant, user_id, exchange->slot);
    exchange_key(exchange, SLOT_USER, "user:", text_of(exchange->slot));
    exchange_run(exchange);
}

void reset_store_revoke(struct reset_store *store, struct text tenant, struct text user_id,
                        reset_store_callback *done, void *context)
{
    revoke(store, tenant, user_id, decide_on_revoke, done, context);
}

void reset_store_changed(struct reset_store *store, struct text tenant, struct text user_id,
                         reset_store_callback *done, void *context)
{
    revoke(store, tenant, user_id, decide_on_changed, done, context);
}
