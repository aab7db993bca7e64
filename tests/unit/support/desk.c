/* Owners, seeds and incs are their numbers written out, so that the same number is the same question. */
#include "support/desk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#define TOKEN_KEYS  "t1 1111111111111111111111111111111111111111111111111111111111111111\n"
#define RECORD_KEYS "r1 2222222222222222222222222222222222222222222222222222222222222222\n"

static void number_bytes(unsigned char *bytes, size_t size, char kind, unsigned number)
{
    char text[48];
    int length = snprintf(text, sizeof text, "%c%u.", kind, number);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)text[i % (size_t)length];
}

void desk_open(struct desk *desk, const struct record_store *port,
               const struct reset_store_settings *settings)
{
    struct error error;
    struct reset_store_settings own = settings ? *settings : (struct reset_store_settings){.lease_ms = 0};
    *desk = (struct desk){.port = *port};
    if (sodium_init() < 0)
        abort();
    enum status status = keyring_parse(TEXT(TOKEN_KEYS), "token keys", &desk->token_keys, &error);
    if (status == STATUS_OK)
        status = keyring_parse(TEXT(RECORD_KEYS), "record keys", &desk->record_keys, &error);
    if (status != STATUS_OK)
        abort();
    own.token_keys = desk->token_keys;
    own.record_keys = desk->record_keys;
    desk->store = reset_store_new(port, &own);
    assert(desk->store);
}

void desk_close(struct desk *desk)
{
    reset_store_free(&desk->store);
    keyring_free(&desk->token_keys);
    keyring_free(&desk->record_keys);
}

struct text desk_id(unsigned number, char id[DESK_ID_SIZE])
{
    snprintf(id, DESK_ID_SIZE, "00000000-0000-4000-8000-%012u", number % 1000000);
    return (struct text){id, DESK_ID_SIZE - 1};
}

static void copy_request(struct desk_answer *copy, const struct request_record *request)
{
    copy->has_request = true;
    copy->state = request->state;
    copy->reason = request->reason;
    copy->generation = request->generation;
    copy->copy = request->copy;
    copy->tries = request->tries;
    copy->lost = request->lost;
    copy->reply_code = request->reply_code;
    copy->maybe_mailed = request->maybe_mailed;
    copy->rebuilt = request->rebuilt;
    copy->has_seed = request->has_seed;
    copy->has_owner = request->has_owner;
    copy->expires_ms = request->expires_ms;
    copy->lease_ms = request->lease_ms;
    copy->method = request->method;
    copy->made_ms = request->made_ms;
    copy->due_ms = request->due_ms;
    copy->redeemed_ms = request->redeemed_ms;
    copy->completed_ms = request->completed_ms;
    if (request->completes.size < sizeof copy->completes && request->completes.size > 0)
        memcpy(copy->completes, request->completes.bytes, request->completes.size);
    if (request->into.size < sizeof copy->into && request->into.size > 0)
        memcpy(copy->into, request->into.bytes, request->into.size);
    if (request->has_stored)
        memcpy(copy->stored, request->stored, TOKEN_STORED_LENGTH);
    if (request->has_inc)
        memcpy(copy->inc, request->inc, RECORD_INC_SIZE);
}

static void on_answer(void *context, const struct reset_answer *answer)
{
    struct desk_answer *copy = context;
    assert(!copy->answered);
    copy->answered = true;
    copy->status = answer->status;
    copy->verdict = answer->verdict;
    copy->now_ms = answer->now_ms;
    copy->rest_ms = answer->rest_ms;
    if (answer->request)
        copy_request(copy, answer->request);
    copy->password_unreadable = answer->password_unreadable;
    if (answer->password) {
        struct text id = answer->password->request_id;
        copy->has_password = true;
        copy->password = *answer->password;
        copy->password.request_id = copy->password.tenant = copy->password.user_id = copy->password.kid =
            (struct text){NULL, 0};
        memcpy(copy->password_of, id.bytes, id.size < DESK_ID_SIZE ? id.size : DESK_ID_SIZE - 1);
    }
    if (answer->token) {
        copy->has_token = true;
        memcpy(copy->mac, answer->token->mac, TOKEN_MAC_SIZE);
        memcpy(copy->recipient, answer->token->recipient, TOKEN_RECIPIENT_SIZE);
    }
}

static void expect(struct desk_answer *answer)
{
    memset(answer, 0, sizeof *answer);
}

static void await(struct desk *desk, struct desk_answer *answer)
{
    if (!answer->answered && desk->wait)
        desk->wait(desk->wait_context, &answer->answered);
    assert(answer->answered);
}

static struct text or_usual(const char *given, const char *usual)
{
    return text_of(given ? given : usual);
}

void desk_ask_begin(struct desk *desk, const struct desk_begin *question, struct desk_pending *pending,
                    struct desk_answer *answer)
{
    expect(answer);
    *pending = (struct desk_pending){.answer = answer};
    pending->request = (struct request){
        .tenant = or_usual(question->tenant, "acme"),
        .user_known = !question->unknown_user,
        .user_locale = or_usual(question->locale, "en"),
        .actor_role = text_of(question->by_admin ? "admin" : "self"),
        .actor_id = or_usual(question->actor, question->by_admin ? "boss" : "u1"),
        .actor_tenant = or_usual(question->tenant, "acme"),
        .method = question->method,
        .not_after_ms = question->not_after_ms,
    };
    if (!question->unknown_user) {
        pending->request.user_id = or_usual(question->user, "u1");
        pending->request.user_email = or_usual(question->email, "u1@example.org");
    }
    if (question->completes > 0)
        desk_id(question->completes - 1, pending->request.completes);
    pending->begin = (struct reset_begin){.request_id = desk_id(question->request, pending->id),
                                          .generation = question->generation,
                                          .copy = question->copy,
                                          .t0_ms = question->t0_ms,
                                          .watched_lease_ms = question->watched_lease_ms,
                                          .watched_ms = question->watched_ms,
                                          .request = &pending->request,
                                          .bulk_key_id = text_of(question->bulk ? question->bulk : ""),
                                          .bulk_publisher = or_usual(question->publisher, "intake")};
    number_bytes(pending->begin.owner, RECORD_OWNER_SIZE, 'o', question->owner);
    number_bytes(pending->begin.seed, TOKEN_SEED_SIZE, 's', question->inc);
    number_bytes(pending->begin.inc, RECORD_INC_SIZE, 'i', question->inc);
    reset_store_begin(desk->store, &pending->begin, &answer->lease, on_answer, answer);
}

void desk_begin(struct desk *desk, const struct desk_begin *question, struct desk_answer *answer)
{
    struct desk_pending pending;
    desk_ask_begin(desk, question, &pending, answer);
    await(desk, answer);
}

void desk_start(struct desk *desk)
{
    struct desk_answer answer;
    expect(&answer);
    reset_store_start(desk->store, on_answer, &answer);
    await(desk, &answer);
    assert(answer.status == STATUS_OK);
}

void desk_finish(struct desk *desk, struct reset_lease *lease, const struct reset_finish *question,
                 struct desk_answer *answer)
{
    expect(answer);
    reset_store_finish(desk->store, lease, question, on_answer, answer);
    await(desk, answer);
}

void desk_check(struct desk *desk, const char *stored, struct desk_answer *answer)
{
    expect(answer);
    reset_store_check(desk->store, text_of(stored), on_answer, answer);
    await(desk, answer);
}

void desk_revoke(struct desk *desk, struct desk_answer *answer)
{
    expect(answer);
    reset_store_revoke(desk->store, TEXT("acme"), TEXT("u1"), on_answer, answer);
    await(desk, answer);
}

void desk_changed(struct desk *desk, struct desk_answer *answer)
{
    expect(answer);
    reset_store_changed(desk->store, TEXT("acme"), TEXT("u1"), on_answer, answer);
    await(desk, answer);
}

void desk_status(struct desk *desk, unsigned request, struct desk_answer *answer)
{
    char id[DESK_ID_SIZE];
    expect(answer);
    reset_store_status(desk->store, desk_id(request, id), on_answer, answer);
    await(desk, answer);
}

void desk_stage(struct desk *desk, const struct desk_stage *question, struct desk_answer *answer)
{
    char id[DESK_ID_SIZE];
    struct reset_stage stage = {.request_id = desk_id(question->request, id),
                                .tenant = TEXT("acme"),
                                .user_id = or_usual(question->user, "u1"),
                                .method = question->method,
                                .record_key = keyring_current(desk->record_keys)};
    number_bytes(stage.salt, sizeof stage.salt, 'a', question->version);
    number_bytes(stage.verifier, sizeof stage.verifier, 'v', question->version);
    expect(answer);
    reset_store_stage(desk->store, &stage, on_answer, answer);
    await(desk, answer);
}

void desk_try(struct desk *desk, const char *user, struct desk_answer *answer)
{
    expect(answer);
    reset_store_try_password(desk->store, TEXT("acme"), or_usual(user, "u1"), on_answer, answer);
    await(desk, answer);
}

void desk_open_password(struct desk *desk, const struct desk_answer *tried, const char *user,
                        struct desk_answer *answer)
{
    char id[DESK_ID_SIZE];
    memcpy(id, tried->password_of, sizeof id); /* the two answers may be one */
    struct reset_open question = {.request_id = text_of(id),
                                  .tenant = TEXT("acme"),
                                  .user_id = or_usual(user, "u1"),
                                  .record_key = keyring_current(desk->record_keys)};
    memcpy(question.inc, tried->password.inc, sizeof question.inc);
    memcpy(question.verifier, tried->password.verifier, sizeof question.verifier);
    expect(answer);
    reset_store_open_password(desk->store, &question, on_answer, answer);
    await(desk, answer);
}

bool desk_is_version(const unsigned char verifier[RECORD_VERIFIER_SIZE], unsigned version)
{
    unsigned char bytes[RECORD_VERIFIER_SIZE];
    number_bytes(bytes, sizeof bytes, 'v', version);
    return memcmp(bytes, verifier, sizeof bytes) == 0;
}

void desk_ask_redeem(struct desk *desk, const struct desk_redeem *question, struct desk_pending *pending,
                     struct desk_answer *answer)
{
    expect(answer);
    *pending = (struct desk_pending){.answer = answer};
    pending->redeem = (struct reset_redeem){.stored = text_of(question->stored),
                                            .request_id = desk_id(question->request, pending->id),
                                            .tenant = TEXT("acme"),
                                            .user_id = or_usual(question->user, "u1")};
    number_bytes(pending->redeem.claim, RECORD_OWNER_SIZE, 'k', question->key);
    memcpy(pending->redeem.recipient, question->recipient, TOKEN_RECIPIENT_SIZE);
    memcpy(pending->redeem.mac, question->mac, TOKEN_MAC_SIZE);
    reset_store_redeem(desk->store, &pending->redeem, on_answer, answer);
}

void desk_redeem(struct desk *desk, const struct desk_redeem *question, struct desk_answer *answer)
{
    struct desk_pending pending;
    desk_ask_redeem(desk, question, &pending, answer);
    await(desk, answer);
}

void desk_forge_lease(struct reset_lease *lease, unsigned request, unsigned owner, unsigned inc,
                      struct text bytes)
{
    char id[DESK_ID_SIZE];
    memset(lease, 0, sizeof *lease);
    memcpy(lease->request_id, desk_id(request, id).bytes, sizeof lease->request_id);
    number_bytes(lease->owner, RECORD_OWNER_SIZE, 'o', owner);
    number_bytes(lease->inc, RECORD_INC_SIZE, 'i', inc);
    lease->size = bytes.size;
    if (bytes.size == 0)
        return;
    memcpy(lease->bytes, bytes.bytes, bytes.size);
    enum status status = request_record_parse((struct text){lease->bytes, lease->size}, &lease->record);
    assert(status == STATUS_OK);
    (void)status;
}

bool desk_is_inc(const struct desk_answer *answer, unsigned inc)
{
    unsigned char bytes[RECORD_INC_SIZE];
    number_bytes(bytes, sizeof bytes, 'i', inc);
    return answer->has_request && memcmp(bytes, answer->inc, sizeof bytes) == 0;
}
