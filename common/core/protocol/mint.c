/* What a mail brings: a link, or a temporary password, with the record that it is checked against.
 *
 * Both come from the same seed, which the request's record keeps while a mail may have to go out again; the
 * secret itself is wiped as soon as its hash is made.  A handed or chosen password was made and shown by the
 * producer: here its hash moves from where it waited to where it counts. */
#include <sodium.h>

#include "core/keyring.h"
#include "core/protocol/begin.h"
#include "core/protocol/password.h"
#include "core/temporary_password.h"

static void mint_token(const struct begin_question *question, struct records *records,
                       struct decision *decision)
{
    const struct link_candidate *candidate = &question->candidate;
    struct request_record *request = &records->request;
    char token[TOKEN_LENGTH + 1], stored[TOKEN_STORED_LENGTH + 1];
    token_derive(candidate->token_key, question->tenant, question->user_id, question->request_id,
                 candidate->seed, token);
    token_stored((struct text){token, TOKEN_LENGTH}, stored);
    sodium_memzero(token, sizeof token);
    memcpy(request->stored, stored, TOKEN_STORED_LENGTH);
    request->has_stored = true;

    struct token_record *link = &records->token;
    *link = (struct token_record){
        .request_id = question->request_id,
        .expires_ms = request->expires_ms,
        .tenant = question->tenant,
        .user_id = question->user_id,
        .method = question->method,
        .kid = text_of(candidate->record_key->kid),
        .made_ms = request->made_ms,
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
        .made_at = link->made_ms,
    };
    token_mac(candidate->record_key, &claims, link->mac);
    records->has_token = true;
    decision->token = FATE_WRITTEN_BLIND;
    decision->token_until_ms = link->expires_ms;
}

/* The user's temporary password from now on; salt and verifier are there already. */
static void keep_password(const struct begin_question *question, struct records *records,
                          const struct keyring_key *key, struct decision *decision)
{
    struct password_record *password = &records->password;
    password->request_id = question->request_id;
    password->tenant = question->tenant;
    password->user_id = question->user_id;
    password->method = question->method;
    password->made_ms = records->request.made_ms;
    password->expires_ms = records->request.expires_ms;
    password->opened = false;
    memcpy(password->inc, question->candidate.inc, RECORD_INC_SIZE);
    password->kid = text_of(key->kid);
    password_seal(password, key);
    decision->password = FATE_WRITTEN_BLIND;
}

static void mint_password(const struct begin_question *question, struct records *records,
                          struct decision *decision)
{
    const struct link_candidate *candidate = &question->candidate;
    struct password_record *password = &records->password;
    char shown[TEMPORARY_PASSWORD_LENGTH + 1], canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1];
    char stored[TOKEN_STORED_LENGTH + 1];
    temporary_password_derive(candidate->token_key, question->tenant, question->user_id, question->request_id,
                              candidate->seed, shown);
    temporary_password_stored(candidate->token_key, text_of(shown), stored);
    memcpy(records->request.stored, stored, TOKEN_STORED_LENGTH);
    records->request.has_stored = true;
    bool made = temporary_password_canonical(text_of(shown), canonical);
    sodium_memzero(shown, sizeof shown);
    memset(password->salt, 0, sizeof password->salt);
    temporary_password_verifier_generated(candidate->record_key, question->tenant, question->user_id,
                                          (struct text){canonical, made ? sizeof canonical - 1 : 0},
                                          password->verifier);
    sodium_memzero(canonical, sizeof canonical);
    keep_password(question, records, candidate->record_key, decision);
}

void begin_mint(const struct begin_question *question, struct records *records, struct decision *decision)
{
    const struct link_candidate *candidate = &question->candidate;
    struct request_record *request = &records->request;
    bool is_link = method_traits(question->method)->mailed == SECRET_TOKEN;
    request_drop_link(request, decision);
    memcpy(request->seed, candidate->seed, TOKEN_SEED_SIZE);
    memcpy(request->inc, candidate->inc, RECORD_INC_SIZE);
    request->has_seed = request->has_inc = true;
    request->kid = text_of(candidate->token_key->kid);
    request->made_ms = records->now_ms;
    request->expires_ms = records->now_ms + (is_link ? question->token_ttl_ms : DECISION_PASSWORD_MS);
    if (is_link)
        mint_token(question, records, decision);
    else
        mint_password(question, records, decision);
}

bool begin_is_staged(const struct begin_question *question, const struct records *records)
{
    const struct staged_record *staged = &records->staged;
    return records->has_staged && question->staged_key && staged->method == question->method &&
           text_equal(staged->tenant, question->tenant) && text_equal(staged->user_id, question->user_id) &&
           staged->made_ms >= question->not_before_ms &&
           staged_is_sealed(staged, question->request_id, question->staged_key);
}

void begin_activate(const struct begin_question *question, struct records *records, struct decision *decision)
{
    struct request_record *request = &records->request;
    const struct staged_record *staged = &records->staged;
    memcpy(request->inc, question->candidate.inc, RECORD_INC_SIZE);
    request->has_inc = true;
    request->made_ms = staged->made_ms;
    request->expires_ms = records->now_ms + DECISION_PASSWORD_MS;
    memcpy(records->password.salt, staged->salt, RECORD_SALT_SIZE);
    memcpy(records->password.verifier, staged->verifier, RECORD_VERIFIER_SIZE);
    keep_password(question, records, question->staged_key, decision);
}
