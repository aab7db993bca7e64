/* A worker's questions about one run: begin, which may give it the lease, and finish, which tells how it
 * went.
 *
 * The lease remembers the record's bytes as they were last written, so that finish needs no read; where they
 * are no longer right, the swap's conflict brings the right ones. */
#include <sodium.h>

#include "core/base64url.h"
#include "core/protocol/begin.h"
#include "core/protocol/exchange.h"
#include "core/uuid.h"

void reset_lease_clear(struct reset_lease *lease)
{
    sodium_memzero(lease->bytes, lease->size);
    sodium_memzero(lease, offsetof(struct reset_lease, bytes));
}

static void decide_on_begin(struct exchange *exchange)
{
    const struct reset_store_settings *settings = &exchange->store->settings;
    struct begin_question *question = &exchange->begin;
    question->not_before_ms = settings->not_before_ms;
    question->staged_key = exchange->records.has_staged
                               ? keyring_find(settings->record_keys, exchange->records.staged.kid)
                               : NULL;
    decide_begin(question, &exchange->records, &exchange->decision);
}

/* The lease remembers the record as it was just written, or stands already: finish compares with that. */
static void keep_lease(struct reset_lease *lease, const struct exchange *exchange)
{
    const struct held *held = &exchange->held[SLOT_REQUEST];
    bool written = exchange->written_size > 0;
    if (!written && !held->present)
        return;
    lease->size = written ? exchange->written_size : held->size;
    memcpy(lease->bytes, written ? exchange->written : held->bytes, lease->size);
    request_record_copy(&exchange->records.request, (struct text){lease->bytes, lease->size}, &lease->record);
}

static void begin_finished(struct exchange *exchange)
{
    const struct reset_begin *asked = exchange->question;
    struct reset_lease *lease = exchange->lease;
    if (exchange->decision.verdict != VERDICT_LEASE)
        return;
    memcpy(lease->owner, asked->owner, RECORD_OWNER_SIZE);
    memcpy(lease->inc, exchange->records.request.inc, RECORD_INC_SIZE);
    memcpy(lease->request_id, asked->request_id.bytes, UUID_LENGTH);
    keep_lease(lease, exchange);
}

/* Strangers share one budget of the mailbox, and use up nobody else's; each company's administrators, and its
 * notices, have their own, which no other company uses up. */
static bool name_mailbox(struct exchange *exchange, const struct request *request)
{
    bool notice = method_traits(request->method)->lane == LANE_NONE;
    bool own = !notice && request_class(request) == ACTOR_SELF;
    struct text whose = notice ? TEXT("notice") : own ? TEXT("self") : TEXT("admin");
    unsigned char budget[TOKEN_MAILBOX_SIZE];
    char name[BASE64URL_LENGTH(TOKEN_MAILBOX_SIZE)];
    token_budget(exchange->begin.candidate.record_key, whose, own ? TEXT("") : request->tenant,
                 request->user_email, budget);
    base64url_encode(budget, sizeof budget, name);
    return exchange_key(exchange, SLOT_RECIPIENT, "recipient:", (struct text){name, sizeof name});
}

/* The keys of the user, and of the mailbox and the actor where they have limits; the recipient that the link
 * is bound to. */
static bool name_user(struct exchange *exchange, const struct reset_begin *asked)
{
    const struct request *request = asked->request;
    const struct keyring_key *record_key = exchange->begin.candidate.record_key;
    token_slot(request->tenant, request->user_id, exchange->slot);
    exchange->begin.slot = (struct text){exchange->slot, TOKEN_SLOT_LENGTH};
    token_recipient(record_key, request->tenant, request->user_id, request->user_email, exchange->recipient);
    bool named = exchange_key(exchange, SLOT_USER, "user:", exchange->begin.slot);
    if (method_traits(request->method)->staged)
        named = named && exchange_key(exchange, SLOT_STAGED, "staged:", asked->request_id);
    if (begin_mailbox_limit(&exchange->begin)->count > 0)
        named = named && name_mailbox(exchange, request);
    if (begin_asks_actor(&exchange->begin)) {
        char name[TOKEN_SLOT_LENGTH + 1];
        if (exchange->begin.in_bulk)
            token_slot(asked->bulk_publisher, asked->bulk_key_id, name);
        else
            token_slot(request->actor_tenant, request->actor_id, name);
        named = named && exchange_key(exchange, SLOT_ACTOR,
                                      exchange->begin.in_bulk ? "bulk:" : "actor:", text_of(name));
    }
    return named;
}

static void fill_begin(struct exchange *exchange, const struct reset_begin *asked)
{
    const struct reset_store_settings *settings = &exchange->store->settings;
    const struct request *request = asked->request;
    request_digest(request, exchange->digest);
    exchange->token_key = *keyring_current(settings->token_keys);
    exchange->record_key = *keyring_current(settings->record_keys);
    exchange->begin = (struct begin_question){
        .request_id = asked->request_id,
        .owner = asked->owner,
        .generation = asked->generation,
        .copy = asked->copy,
        .t0_ms = asked->t0_ms,
        .not_after_ms = request->not_after_ms,
        .actor_class = request_class(request),
        .method = request->method,
        .known = request->user_known,
        .tenant = request->tenant,
        .user_id = request->user_id,
        .in_bulk = asked->bulk_key_id.size > 0 && request_class(request) == ACTOR_ADMIN,
        .completes = text_of(request->completes),
        .digest = exchange->digest,
        .recipient = exchange->recipient,
        .candidate = {.seed = asked->seed,
                      .inc = asked->inc,
                      .token_key = &exchange->token_key,
                      .record_key = &exchange->record_key},
        .limits = &settings->limits,
        .lease_ms = settings->lease_ms,
        .watched_lease_ms = asked->watched_lease_ms,
        .watched_ms = asked->watched_ms,
        .token_ttl_ms = settings->token_ttl_ms,
    };
}

void reset_store_begin(struct reset_store *store, const struct reset_begin *question,
                       struct reset_lease *lease, reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, question, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_begin;
    exchange->finished = begin_finished;
    exchange->lease = lease;
    fill_begin(exchange, question);
    bool named = exchange_name_request(exchange, question->request_id);
    if (question->request->user_known)
        named = named && name_user(exchange, question);
    exchange_key(exchange, SLOT_BORN, "born", (struct text){NULL, 0});
    if (named)
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the request id");
}

static void decide_on_finish(struct exchange *exchange)
{
    const struct reset_finish *asked = exchange->question;
    struct finish_question question = {
        .result = asked->result,
        .owner = exchange->lease->owner,
        .inc = exchange->lease->inc,
        .copy = asked->copy,
        .maybe_mailed = asked->maybe_mailed,
        .due_ms = asked->due_ms,
        .reason = asked->reason,
        .reply_code = asked->reply_code,
        .enhanced = asked->enhanced,
        .lease_ms = exchange->store->settings.lease_ms,
    };
    decide_finish(&question, &exchange->records, &exchange->decision);
}

static void finish_finished(struct exchange *exchange)
{
    if (exchange->decision.verdict == VERDICT_OK)
        keep_lease(exchange->lease, exchange);
}

void reset_store_finish(struct reset_store *store, struct reset_lease *lease,
                        const struct reset_finish *question, reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, question, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_finish;
    exchange->finished = finish_finished;
    exchange->lease = lease;
    exchange->allow_oom = true;
    if (lease->size == 0 || !exchange_name_request(exchange, (struct text){lease->request_id, UUID_LENGTH})) {
        exchange_refuse(exchange, "a lease that was never given");
        return;
    }
    exchange->records.now_ms = question->now_ms;
    exchange_run_assumed(exchange, &lease->record, (struct text){lease->bytes, lease->size});
}
