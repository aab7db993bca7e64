/* A link comes back.
 *
 * The mac of what the store says is verified before anything else is believed: a record written into Redis by
 * hand is worth nothing, counted and audited.  Then the tenant must be the key's, and for a redemption the
 * address must be the one the link was mailed to.  Whoever asks learns of all this only 404, always the same.
 *
 * A redemption is final in the store first, and told after its audit record is durable.  Where that fails the
 * caller hears 503 and asks again with the same Idempotency-Key, which finds its own claim.
 *
 * The token, the address and the body they came in are wiped as soon as their hashes are made. */
#include "producer/token_requests.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "core/json_bytes.h"
#include "core/length_prefixed.h"
#include "core/timestamp.h"
#include "core/token.h"
#include "io/log.h"
#include "producer/redemption.h"
#include "producer/token_body.h"

enum { ANSWER_MOST = 8192, CLAIMS_MOST = 2048 };

struct ask {
    struct http_call *call;
    bool redeems;
    char stored[TOKEN_STORED_LENGTH + 1];
    struct token_body body; /* redeem: the address, until it is compared */
    struct reset_redeem question;
    struct buffer texts;  /* what the question's texts point to */
    struct buffer answer; /* what is told when the audit record is durable */
};

static void end(struct ask *ask)
{
    token_body_clear(&ask->body);
    sodium_memzero(ask->stored, sizeof ask->stored);
    buffer_clear(&ask->texts);
    buffer_clear(&ask->answer);
    free(ask);
}

static void answer_none(struct ask *ask)
{
    http_call_problem(
        &ask->call, &(struct http_problem){.status = 404,
                                           .detail = "there is no such link, or it does not work any more"});
    end(ask);
}

static void answer_unavailable(struct ask *ask, const char *detail)
{
    http_call_unavailable(&ask->call, detail);
    end(ask);
}

static void write_answer(const struct token_record *token, struct buffer *out)
{
    char time[TIMESTAMP_SIZE];
    timestamp_format(token->expires_ms, time);
    json_write_member(out, "{", "request_id", token->request_id);
    json_write_member(out, ",", "tenant", token->tenant);
    json_write_member(out, ",", "user_id", token->user_id);
    json_write_member(out, ",", "method", text_of(method_name(token->method)));
    json_write_member(out, ",", "expires_at", text_of(time));
    buffer_append_byte(out, '}');
}

static struct redemption redemption_of(const struct token_record *token)
{
    return (struct redemption){
        .request_id = token->request_id,
        .tenant = token->tenant,
        .user_id = token->user_id,
        .method = token->method,
        .inc = token->inc,
    };
}

/* Whether the record is ours, and speaks of a tenant of the caller's. */
static bool is_believed(struct ask *ask, const struct token_record *token)
{
    struct http_call *call = ask->call;
    const struct keyring_key *key = keyring_find(call->credentials->record_keys, token->kid);
    struct token_claims claims = reset_token_claims(token, text_of(ask->stored));
    if (key && token_mac_verify(key, &claims, token->mac))
        return grant_has_tenant(&call->key->grant, token->tenant);
    const struct redemption redemption = redemption_of(token);
    redemption_refuse_forged(
        call, &redemption, token->kid, key != NULL,
        "a link's record in Redis is not sealed by our keys: somebody wrote it, or a record key is missing");
    return false;
}

/* A record that cannot even be read is as little believed as one with a wrong seal. */
static void answer_unreadable(struct ask *ask, const struct reset_answer *answer)
{
    metrics_add(ask->call->serve->metrics, METRIC_MAC_FAILURES, NO_LABELS, 1);
    log_write(LOG_LEVEL_ERROR, "a link is refused", LOG_ERROR(answer->error));
    http_call_audit_denied(ask->call, &(struct audit_record){0}, REASON_FORGED);
    answer_none(ask);
}

static bool is_addressee(struct ask *ask, const struct token_record *token)
{
    const struct keyring_key *key = keyring_find(ask->call->credentials->record_keys, token->kid);
    unsigned char recipient[TOKEN_RECIPIENT_SIZE];
    if (!ask->call->serve->bind_address)
        return true;
    token_recipient(key, token->tenant, token->user_id, ask->body.email, recipient);
    return sodium_memcmp(recipient, token->recipient, sizeof recipient) == 0;
}

static void on_audited(void *context, const struct kafka_delivery *delivery)
{
    struct ask *ask = context;
    serve_note_delivery(ask->call->serve, delivery);
    if (delivery->status != STATUS_OK) {
        answer_unavailable(ask, "the redemption is not in the audit trail yet: ask again with the same "
                                "Idempotency-Key");
        return;
    }
    uncompleted_note(ask->call->serve->uncompleted, ask->question.request_id);
    http_call_json(&ask->call, 200, buffer_text(&ask->answer));
    end(ask);
}

static void audit_redeemed(struct ask *ask, const struct reset_answer *answer)
{
    const struct redemption redemption = redemption_of(answer->token);
    struct error error = {0};
    if (redemption_audit(ask->call, &redemption, answer->request, on_audited, ask, &error))
        answer_unavailable(ask, "Kafka takes nothing at the moment: ask again with the same Idempotency-Key");
}

static void on_redeemed(void *context, const struct reset_answer *answer)
{
    struct ask *ask = context;
    if (answer->status == STATUS_INVALID && !ask->call->serve->ended) {
        answer_unreadable(ask, answer);
    } else if (answer->status != STATUS_OK || ask->call->serve->ended) {
        answer_unavailable(ask, "Redis does not answer: ask again with the same Idempotency-Key");
    } else if (answer->verdict != VERDICT_OK || !answer->token) {
        answer_none(ask);
    } else {
        write_answer(answer->token, &ask->answer);
        if (ask->answer.failed)
            answer_unavailable(ask, "no memory");
        else
            audit_redeemed(ask, answer);
    }
}

static struct text keep(struct buffer *texts, struct text text)
{
    size_t at = texts->size;
    buffer_append_text(texts, text);
    return (struct text){texts->bytes + at, text.size};
}

static void redeem(struct ask *ask, const struct token_record *token)
{
    struct reset_redeem *question = &ask->question;
    if (!buffer_prepare(&ask->texts, CLAIMS_MOST)) { /* so that it does not move */
        answer_unavailable(ask, "no memory");
        return;
    }
    question->stored = text_of(ask->stored);
    question->request_id = keep(&ask->texts, token->request_id);
    question->tenant = keep(&ask->texts, token->tenant);
    question->user_id = keep(&ask->texts, token->user_id);
    memcpy(question->recipient, token->recipient, sizeof question->recipient);
    memcpy(question->mac, token->mac, sizeof question->mac);
    token_body_clear(&ask->body);
    reset_store_redeem(ask->call->serve->store, question, on_redeemed, ask);
}

static void on_checked(void *context, const struct reset_answer *answer)
{
    struct ask *ask = context;
    const struct token_record *token = answer->token;
    if (answer->status == STATUS_INVALID && !ask->call->serve->ended) {
        answer_unreadable(ask, answer);
    } else if (answer->status != STATUS_OK || ask->call->serve->ended) {
        answer_unavailable(ask, "Redis does not answer: ask again");
    } else if (!token || !is_believed(ask, token)) {
        answer_none(ask);
    } else if (ask->redeems) {
        /* Whoever claimed it may ask again, though it is not the current link any more: redeem decides. */
        if (is_addressee(ask, token))
            redeem(ask, token);
        else
            answer_none(ask);
    } else if (answer->verdict != VERDICT_OK) {
        answer_none(ask);
    } else {
        write_answer(token, &ask->answer);
        http_call_json(&ask->call, 200, buffer_text(&ask->answer));
        end(ask);
    }
}

static void make_claim(const struct http_call *call, unsigned char claim[RECORD_OWNER_SIZE])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, RECORD_OWNER_SIZE);
    length_prefixed_hash(&hash, call->key->id);
    length_prefixed_hash(&hash, call->idempotency_key);
    crypto_generichash_final(&hash, claim, RECORD_OWNER_SIZE);
}

static enum status read_question(struct ask *ask, struct error *error)
{
    const struct http_call *call = ask->call;
    enum status status = http_call_check_idempotency_key(call, error);
    if (status == STATUS_OK && ask->redeems && !call->idempotency_key.bytes)
        status = error_set(error, STATUS_INVALID,
                           "a redemption needs an Idempotency-Key, random and new for each form");
    if (status == STATUS_OK)
        status = token_body_read(call->body, ask->redeems, &ask->body, error);
    if (status == STATUS_OK && ask->redeems && call->serve->bind_address && !ask->body.email.bytes)
        status = error_set_field(error, STATUS_INVALID, "/email",
                                 "email is missing: the address on file for the user");
    return status;
}

static void handle(struct http_call *call, bool redeems)
{
    struct error error = {0};
    if (!http_call_needs_scope(&call, SCOPE_REDEEM))
        return;
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    ask->call = call;
    ask->redeems = redeems;
    buffer_init(&ask->texts, CLAIMS_MOST);
    buffer_init(&ask->answer, ANSWER_MOST);
    enum status status = read_question(ask, &error);
    http_call_wipe(call);
    if (status == STATUS_INVALID) {
        http_call_bad(&ask->call, &error);
        end(ask);
    } else if (status != STATUS_OK) {
        answer_unavailable(ask, "no memory");
    } else if (!token_is_text(ask->body.token)) {
        answer_none(ask);
    } else {
        token_stored(ask->body.token, ask->stored);
        if (redeems)
            make_claim(call, ask->question.claim);
        else
            token_body_clear(&ask->body);
        reset_store_check(call->serve->store, text_of(ask->stored), on_checked, ask);
    }
}

void token_check_handle(struct http_call *call)
{
    handle(call, false);
}

void token_redeem_handle(struct http_call *call)
{
    handle(call, true);
}
