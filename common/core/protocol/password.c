/* A temporary password on its way: staged by the producer, tried, opened.
 *
 * It counts while the user's record names its request and that request stands; so a revocation, a newer
 * password or a change of it needs to write the user's record only, and what is left here is worth nothing.
 * For a mailed one the request must also not have ended without a mail, and mail this very password.
 *
 * A try is charged before anybody weighs it, so that of many at once one is weighed; the delay doubles with
 * each and ends with a success, or by being forgotten. */
#include "core/protocol/password.h"

#include <sodium.h>

#include "core/keyring.h"
#include "core/protocol/closing.h"

#define SECOND_MS ((int64_t)1000)

#define SAME_SIZE(one, other)                                                                                \
    _Static_assert((int)(one) == (int)(other), "a record holds what is verified with")

SAME_SIZE(RECORD_SALT_SIZE, TEMPORARY_PASSWORD_SALT_SIZE);
SAME_SIZE(RECORD_VERIFIER_SIZE, TEMPORARY_PASSWORD_VERIFIER_SIZE);
SAME_SIZE(RECORD_INC_SIZE, TEMPORARY_PASSWORD_INC_SIZE);
SAME_SIZE(RECORD_MAC_SIZE, TEMPORARY_PASSWORD_MAC_SIZE);

struct temporary_password_claims password_claims(const struct password_record *password)
{
    return (struct temporary_password_claims){
        .tenant = password->tenant,
        .user_id = password->user_id,
        .request_id = password->request_id,
        .inc = password->inc,
        .made_ms = password->made_ms,
        .expires_ms = password->expires_ms,
        .opened = password->opened,
        .method = password->method,
        .salt = password->salt,
        .verifier = password->verifier,
    };
}

struct staged_password_claims staged_claims(const struct staged_record *staged, struct text request_id)
{
    return (struct staged_password_claims){
        .tenant = staged->tenant,
        .user_id = staged->user_id,
        .request_id = request_id,
        .made_ms = staged->made_ms,
        .method = staged->method,
        .salt = staged->salt,
        .verifier = staged->verifier,
    };
}

void password_seal(struct password_record *password, const struct keyring_key *key)
{
    struct temporary_password_claims claims = password_claims(password);
    temporary_password_mac(key, &claims, password->mac);
}

bool staged_is_sealed(const struct staged_record *staged, struct text request_id,
                      const struct keyring_key *key)
{
    struct staged_password_claims claims = staged_claims(staged, request_id);
    return staged_password_mac_verify(key, &claims, staged->mac);
}

void decide_stage(const struct stage_question *question, struct records *records, struct decision *decision)
{
    *decision = (struct decision){.verdict = VERDICT_DONE, .request = FATE_COMPARED};
    if (records->has_request)
        return;
    struct staged_record *staged = &records->staged;
    *staged = (struct staged_record){
        .method = question->method,
        .tenant = question->tenant,
        .user_id = question->user_id,
        .made_ms = records->now_ms,
        .kid = text_of(question->record_key->kid),
    };
    memcpy(staged->salt, question->salt, RECORD_SALT_SIZE);
    memcpy(staged->verifier, question->verifier, RECORD_VERIFIER_SIZE);
    struct staged_password_claims claims = staged_claims(staged, question->request_id);
    staged_password_mac(question->record_key, &claims, staged->mac);
    decision->staged = FATE_WRITTEN_BLIND;
    decision->verdict = VERDICT_OK;
}

/* Somebody with access to the store may have put another user's record here, which is sealed, too. */
static bool is_of_slot(const struct password_record *password, const char *slot)
{
    char own[TOKEN_SLOT_LENGTH + 1];
    token_slot(password->tenant, password->user_id, own);
    return memcmp(own, slot, TOKEN_SLOT_LENGTH) == 0;
}

static bool counts(const struct records *records, const char *slot, int64_t not_before_ms)
{
    const struct password_record *password = &records->password;
    const struct request_record *request = &records->request;
    if (!records->has_password || !records->has_user || !records->has_request ||
        !text_equal(records->user.newest[LANE_PASSWORD].request_id, password->request_id) ||
        records->now_ms >= password->expires_ms || password->made_ms < not_before_ms ||
        !is_of_slot(password, slot))
        return false;
    if (method_traits(password->method)->staged)
        return true;
    bool ended_without = request_state_is_terminal(request->state) && request->state != REQUEST_SENT;
    return !ended_without && request->has_inc && memcmp(request->inc, password->inc, RECORD_INC_SIZE) == 0;
}

/* 1 s after the first try, then twice as long after each. */
static int64_t delay_after(uint32_t tries)
{
    return tries < 6 ? SECOND_MS << tries : DECISION_DELAY_MOST_MS;
}

void decide_try(const char *slot, int64_t not_before_ms, struct records *records, struct decision *decision)
{
    struct attempts_record *attempts = &records->attempts;
    *decision = (struct decision){.verdict = VERDICT_BUSY, .attempts = FATE_COMPARED};
    if (!records->has_attempts)
        *attempts = (struct attempts_record){.count = 0};
    records->has_password = counts(records, slot, not_before_ms);
    int64_t rest_ms = attempts->not_before_ms - records->now_ms;
    if (rest_ms > 0 && rest_ms <= DECISION_DELAY_MOST_MS) { /* longer: the store's clock was set back */
        decision->rest_ms = rest_ms;
        return;
    }
    attempts->not_before_ms = records->now_ms + delay_after(attempts->count);
    if (attempts->count < UINT32_MAX)
        attempts->count++;
    decision->attempts = FATE_WRITTEN;
    decision->verdict = VERDICT_OK;
}

void decide_open(const struct open_question *question, struct records *records, struct decision *decision)
{
    struct password_record *password = &records->password;
    struct request_record *request = &records->request;
    *decision = (struct decision){
        .verdict = VERDICT_NONE, .user = FATE_COMPARED, .request = FATE_COMPARED, .password = FATE_COMPARED};
    if (!counts(records, question->slot, question->not_before_ms) ||
        !text_equal(password->request_id, question->request_id) ||
        memcmp(password->inc, question->inc, RECORD_INC_SIZE) != 0 ||
        sodium_memcmp(password->verifier, question->verifier, RECORD_VERIFIER_SIZE) != 0)
        return;
    if (!password->opened) {
        password->opened = true;
        password->expires_ms = records->now_ms + DECISION_OPENED_MS;
        password_seal(password, question->record_key);
        decision->password = FATE_WRITTEN;
    }
    /* It came back, so its mail arrived; a notice still goes out. */
    if (!method_traits(password->method)->staged && !request_state_is_terminal(request->state))
        request_close(records, decision, REQUEST_SENT, REASON_REDEEMED, (struct text){NULL, 0});
    if (request->redeemed_ms == 0) {
        request->redeemed_ms = records->now_ms;
        decision->request = FATE_WRITTEN;
    }
    decision->attempts = FATE_DELETED_BLIND;
    decision->verdict = VERDICT_OK;
}
