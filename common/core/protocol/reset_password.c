/* The producer's questions about temporary passwords: keep one that is shown, charge a try, open.
 *
 * A try reads the same records whether or not there is such a user, a password, a request: where one has
 * nothing to name it, a key that is never there is read instead; so neither reads nor swaps tell. */
#include "core/protocol/exchange.h"
#include "core/protocol/password.h"

#define NO_REQUEST TEXT("00000000-0000-0000-0000-000000000000")

static void decide_on_stage(struct exchange *exchange)
{
    const struct reset_stage *asked = exchange->question;
    struct stage_question question = {
        .request_id = asked->request_id,
        .tenant = asked->tenant,
        .user_id = asked->user_id,
        .method = asked->method,
        .salt = asked->salt,
        .verifier = asked->verifier,
        .record_key = &exchange->record_key,
    };
    decide_stage(&question, &exchange->records, &exchange->decision);
}

void reset_store_stage(struct reset_store *store, const struct reset_stage *question,
                       reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, question, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_stage;
    exchange->record_key = *question->record_key;
    if (method_traits(question->method)->staged && exchange_name_request(exchange, question->request_id) &&
        exchange_key(exchange, SLOT_STAGED, "staged:", question->request_id))
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the request id, or the method,");
}

static void name_password(struct exchange *exchange)
{
    exchange_key(exchange, SLOT_USER, "user:", text_of(exchange->slot));
    exchange_key(exchange, SLOT_PASSWORD, "password:", text_of(exchange->slot));
    exchange->tells_password = true;
}

static void decide_on_try(struct exchange *exchange)
{
    const struct records *records = &exchange->records;
    if (exchange->held[SLOT_REQUEST].key_size == 0) {
        if (!records->has_password || !exchange_name_request(exchange, records->password.request_id))
            exchange_name_request(exchange, NO_REQUEST);
        exchange->decision = (struct decision){.verdict = VERDICT_UNKNOWN};
        exchange->wanted = SLOT_REQUEST;
        return;
    }
    decide_try(exchange->slot, exchange->store->settings.not_before_ms, &exchange->records,
               &exchange->decision);
}

void reset_store_try_password(struct reset_store *store, struct text tenant, struct text user_id,
                              reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_try;
    exchange->charges = true;
    token_slot(tenant, user_id, exchange->slot);
    name_password(exchange);
    exchange_key(exchange, SLOT_ATTEMPTS, "attempts:", text_of(exchange->slot));
    exchange_run(exchange);
}

static void decide_on_open(struct exchange *exchange)
{
    const struct reset_open *asked = exchange->question;
    struct open_question question = {
        .request_id = asked->request_id,
        .inc = asked->inc,
        .verifier = asked->verifier,
        .slot = exchange->slot,
        .record_key = &exchange->record_key,
        .not_before_ms = exchange->store->settings.not_before_ms,
    };
    decide_open(&question, &exchange->records, &exchange->decision);
}

void reset_store_open_password(struct reset_store *store, const struct reset_open *question,
                               reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, question, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_open;
    exchange->allow_oom = exchange->settles = true;
    exchange->record_key = *question->record_key;
    token_slot(question->tenant, question->user_id, exchange->slot);
    name_password(exchange);
    exchange_key(exchange, SLOT_ATTEMPTS, "attempts:", text_of(exchange->slot));
    if (exchange_name_request(exchange, question->request_id))
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the request id");
}
