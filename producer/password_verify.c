/* Somebody signs in with a temporary password.
 *
 * Whoever asks learns only right (200), wrong (404, whatever the reason) or too early (429, for users there
 * are none of, too), and not even by the time it takes: a place for Argon2id is claimed first (503 without),
 * then the try is charged, then the password is hashed and compared, with what there is or with nothing.  A
 * try that is charged before it is weighed cannot be made twice at once.
 *
 * Right, it is opened in the store, and told after its audit record is durable.  Where that fails the caller
 * hears 503 and asks again: the same password is right for the rest of its minutes. */
#include "producer/password_verify.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/json_bytes.h"
#include "core/protocol/password.h"
#include "core/timestamp.h"
#include "core/uuid.h"
#include "io/log.h"
#include "producer/password_body.h"
#include "producer/password_hashing.h"
#include "producer/redemption.h"

enum { ANSWER_MOST = 512, MS = 1000 };

_Static_assert((int)PASSWORD_BODY_MOST <= (int)PASSWORD_STRETCHER_MOST, "whatever is tried can be hashed");

struct verification {
    struct http_call *call;
    struct password_body body;
    char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1]; /* of what was tried; a secret */
    struct password_stretch *place;                          /* until it is started */
    bool there; /* a password that is ours to compare with; else what follows is of nobody */
    enum method method;
    char request_id[UUID_LENGTH];
    struct reset_open question;
    struct buffer answer; /* what is told when the audit record is durable */
};

static void end(struct verification *verification)
{
    password_stretch_release(&verification->place);
    password_body_clear(&verification->body);
    buffer_clear(&verification->answer);
    sodium_memzero(verification, sizeof *verification);
    free(verification);
}

static void count(const struct verification *verification, const char *result)
{
    metrics_add(verification->call->serve->metrics, METRIC_PASSWORD_TRIES, LABELS(result), 1);
}

static void answer_wrong(struct verification *verification)
{
    http_call_problem(
        &verification->call,
        &(struct http_problem){.status = 404,
                               .detail = "this is not a temporary password of that user, or not any more"});
    end(verification);
}

static void answer_unavailable(struct verification *verification, const char *detail)
{
    http_call_unavailable(&verification->call, detail);
    end(verification);
}

static void answer_early(struct verification *verification, int64_t rest_ms)
{
    int64_t rest_s = (rest_ms + MS - 1) / MS;
    count(verification, "early");
    http_call_problem(
        &verification->call,
        &(struct http_problem){.status = 429,
                               .detail = "too soon after the last try: wait as Retry-After says",
                               .retry_after_s = rest_s > 0 ? (int)rest_s : 1});
    end(verification);
}

static struct redemption redemption_of(const struct password_record *password)
{
    return (struct redemption){
        .request_id = password->request_id,
        .tenant = password->tenant,
        .user_id = password->user_id,
        .method = password->method,
        .inc = password->inc,
    };
}

static void on_audited(void *context, const struct kafka_delivery *delivery)
{
    struct verification *verification = context;
    serve_note_delivery(verification->call->serve, delivery);
    if (delivery->status != STATUS_OK) {
        answer_unavailable(verification, "the sign-in is not in the audit trail yet: ask again");
        return;
    }
    uncompleted_note(verification->call->serve->uncompleted,
                     (struct text){verification->request_id, sizeof verification->request_id});
    http_call_json(&verification->call, 200, buffer_text(&verification->answer));
    end(verification);
}

static void write_answer(const struct password_record *password, struct buffer *out)
{
    char time[TIMESTAMP_SIZE];
    timestamp_format(password->expires_ms, time);
    buffer_append_string(out, "{\"must_change\":true");
    json_write_member(out, ",", "request_id", password->request_id);
    json_write_member(out, ",", "expires_at", text_of(time));
    buffer_append_byte(out, '}');
}

static void audit_redeemed(struct verification *verification, const struct reset_answer *answer)
{
    const struct redemption redemption = redemption_of(answer->password);
    struct error error = {0};
    if (redemption_audit(verification->call, &redemption, answer->request, on_audited, verification, &error))
        answer_unavailable(verification, "Kafka takes nothing at the moment: ask again");
}

/* A record that cannot even be read is as little believed as one with a wrong seal. */
static void note_unreadable(struct verification *verification)
{
    struct http_call *call = verification->call;
    metrics_add(call->serve->metrics, METRIC_MAC_FAILURES, NO_LABELS, 1);
    log_write(LOG_LEVEL_ERROR, "a temporary password is refused: a record of its user cannot be read");
    http_call_audit_denied(call, &(struct audit_record){0}, REASON_FORGED);
}

static void on_opened(void *context, const struct reset_answer *answer)
{
    struct verification *verification = context;
    if (answer->status == STATUS_INVALID && !verification->call->serve->ended) {
        note_unreadable(verification);
        count(verification, "wrong");
        answer_wrong(verification);
    } else if (answer->status != STATUS_OK || verification->call->serve->ended) {
        answer_unavailable(verification, "Redis does not answer: ask again");
    } else if (answer->verdict != VERDICT_OK || !answer->password) {
        count(verification, "wrong");
        answer_wrong(verification);
    } else {
        count(verification, "right");
        write_answer(answer->password, &verification->answer);
        if (verification->answer.failed)
            answer_unavailable(verification, "no memory");
        else
            audit_redeemed(verification, answer);
    }
}

static void on_stretched(void *context, enum status status, const unsigned char *stretched)
{
    struct verification *verification = context;
    struct reset_open *question = &verification->question;
    if (status != STATUS_OK || verification->call->serve->ended) {
        answer_unavailable(verification, "no memory to hash a password: ask again");
        return;
    }
    bool right = temporary_password_matches(question->record_key, question->tenant, question->user_id,
                                            verification->method, text_of(verification->canonical), stretched,
                                            question->verifier);
    if (right && verification->there) {
        reset_store_open_password(verification->call->serve->store, question, on_opened, verification);
    } else {
        count(verification, "wrong");
        answer_wrong(verification);
    }
}

/* Whether the record is ours. */
static bool is_believed(struct verification *verification, const struct password_record *password)
{
    struct http_call *call = verification->call;
    const struct keyring_key *key = keyring_find(call->credentials->record_keys, password->kid);
    struct temporary_password_claims claims = password_claims(password);
    claims.tenant = verification->body.tenant; /* whose it must be, whatever the record says */
    claims.user_id = verification->body.user_id;
    if (key && password->request_id.size == UUID_LENGTH &&
        temporary_password_mac_verify(key, &claims, password->mac))
        return true;
    const struct redemption redemption = redemption_of(password);
    redemption_refuse_forged(call, &redemption, password->kid, key != NULL,
                             "a temporary password's record in Redis is not sealed by our keys: somebody "
                             "wrote it, or a record key is missing");
    return false;
}

/* What to compare with: the record's, or nobody's. */
static void take_record(struct verification *verification, const struct password_record *password,
                        unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE])
{
    struct reset_open *question = &verification->question;
    const struct keyring *keys = verification->call->credentials->record_keys;
    question->tenant = verification->body.tenant;
    question->user_id = verification->body.user_id;
    question->record_key = keyring_current(keys);
    verification->method = METHOD_TEMPORARY_PASSWORD_CHOSEN;
    sodium_memzero(salt, TEMPORARY_PASSWORD_SALT_SIZE);
    verification->there = password && is_believed(verification, password);
    if (!verification->there)
        return;
    verification->method = password->method;
    question->record_key = keyring_find(keys, password->kid);
    memcpy(verification->request_id, password->request_id.bytes, sizeof verification->request_id);
    question->request_id = (struct text){verification->request_id, sizeof verification->request_id};
    memcpy(question->inc, password->inc, sizeof question->inc);
    memcpy(question->verifier, password->verifier, sizeof question->verifier);
    memcpy(salt, password->salt, TEMPORARY_PASSWORD_SALT_SIZE);
}

static void weigh(struct verification *verification, const struct password_record *password)
{
    unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE];
    take_record(verification, password, salt);
    temporary_password_canonical(verification->body.password, verification->canonical);
    bool started = password_hashing_start(verification->call->serve, &verification->place,
                                          verification->body.password, salt, on_stretched, verification);
    password_body_forget(&verification->body);
    if (!started)
        answer_unavailable(verification, "no memory to hash a password: ask again");
}

static void on_charged(void *context, const struct reset_answer *answer)
{
    struct verification *verification = context;
    if (answer->status == STATUS_INVALID && !verification->call->serve->ended) {
        note_unreadable(verification);
        weigh(verification, NULL);
    } else if (answer->status != STATUS_OK || verification->call->serve->ended) {
        answer_unavailable(verification, "Redis does not answer: ask again");
    } else if (answer->verdict == VERDICT_BUSY) {
        answer_early(verification, answer->rest_ms);
    } else {
        if (answer->password_unreadable)
            note_unreadable(verification);
        weigh(verification, answer->password);
    }
}

static void charge(struct verification *verification)
{
    struct serve *serve = verification->call->serve;
    const struct password_body *body = &verification->body;
    verification->place = password_hashing_claim(serve);
    if (!verification->place) {
        answer_unavailable(verification, "other passwords are being hashed: ask again in a moment");
        return;
    }
    reset_store_try_password(serve->store, body->tenant, body->user_id, on_charged, verification);
}

void password_verify_handle(struct http_call *call)
{
    struct error error = {0};
    if (!http_call_needs_scope(&call, SCOPE_REDEEM))
        return;
    struct verification *verification = calloc(1, sizeof *verification);
    if (!verification) {
        http_call_unavailable(&call, "no memory");
        return;
    }
    verification->call = call;
    buffer_init(&verification->answer, ANSWER_MOST);
    enum status status = password_body_read(call->body, &verification->body, &error);
    http_call_wipe(call);
    if (status == STATUS_INVALID) {
        http_call_bad(&verification->call, &error);
        end(verification);
    } else if (status != STATUS_OK) {
        answer_unavailable(verification, "no memory");
    } else if (!grant_has_tenant(&call->key->grant, verification->body.tenant)) {
        answer_wrong(verification);
    } else {
        charge(verification);
    }
}
