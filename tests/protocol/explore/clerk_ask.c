/* Each question put to the production functions.  One reset_store hears them all: it keeps nothing between
 * them but its settings. */
#include "clerk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The answer under way, and who it is for. */
struct hearing {
    struct clerk *clerk;
    struct answer *answer;
    unsigned char mac[TOKEN_MAC_SIZE], recipient[TOKEN_RECIPIENT_SIZE];
    bool heard, has_token;
};

static void on_answer(void *context, const struct reset_answer *given)
{
    struct hearing *hearing = context;
    struct answer *answer = hearing->answer;
    assert(!hearing->heard);
    hearing->heard = true;
    answer->status = given->status;
    answer->verdict = given->verdict;
    if (given->request)
        clerk_tell(hearing->clerk, given->request, &answer->told);
    if (given->token) {
        hearing->has_token = true;
        memcpy(hearing->mac, given->token->mac, sizeof hearing->mac);
        memcpy(hearing->recipient, given->token->recipient, sizeof hearing->recipient);
    }
    if (given->password) {
        const struct password_record *password = given->password;
        bool staged = method_traits(password->method)->staged;
        answer->password_request = clerk_request(hearing->clerk, password->request_id);
        answer->password_inc = clerk_number(password->inc);
        answer->password_version = staged ? clerk_number(password->verifier) : answer->password_inc;
    }
}

static void keep_belief(struct clerk *clerk, const struct reset_lease *lease, struct answer *answer)
{
    answer->belief = interning_put(&clerk->values, lease->bytes, lease->size);
}

static void ask_begin(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    const struct asked *asked = &clerk->scenario->asked[question->request];
    struct reset_lease lease = {.size = 0};
    struct reset_begin begin = {
        .request_id = text_of(clerk->ids[question->request]),
        .generation = question->generation,
        .copy = question->copy,
        .t0_ms = clerk_t0(question->request, question->again),
        .request = &clerk->requests[question->request],
        .bulk_key_id = text_of(asked->bulk ? "key" : ""),
        .bulk_publisher = TEXT("intake"),
    };
    clerk_mark(begin.owner, sizeof begin.owner, 'o', 0, question->owner);
    clerk_mark(begin.seed, sizeof begin.seed, 's', question->request, question->inc);
    clerk_mark(begin.inc, sizeof begin.inc, 'i', question->request, question->inc);
    reset_store_begin(clerk->store, &begin, &lease, on_answer, hearing);
    if (hearing->answer->status == STATUS_OK && hearing->answer->verdict == VERDICT_LEASE)
        keep_belief(clerk, &lease, hearing->answer);
}

static void ask_finish(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    size_t size;
    struct reset_lease lease = {.size = 0};
    const void *believed = interning_get(&clerk->values, question->belief, &size);
    memcpy(lease.bytes, believed, size);
    lease.size = size;
    if (request_record_parse((struct text){lease.bytes, size}, &lease.record) != STATUS_OK)
        abort();
    clerk_mark(lease.owner, sizeof lease.owner, 'o', 0, question->owner);
    clerk_mark(lease.inc, sizeof lease.inc, 'i', question->request, question->inc);
    memcpy(lease.request_id, clerk->ids[question->request], sizeof lease.request_id);
    struct reset_finish finish = {
        .result = question->result,
        .now_ms = clerk_now(question->minutes),
        .copy = question->copy,
        .maybe_mailed = question->maybe_mailed,
        .due_ms = clerk_now(question->minutes) + (question->due == 2 ? 3 * HOUR_MS : HOUR_MS / 2),
        .reason = REASON_REFUSED,
        .reply_code = 450,
        .enhanced = TEXT("4.5.1"),
    };
    reset_store_finish(clerk->store, &lease, &finish, on_answer, hearing);
    if (hearing->answer->status == STATUS_OK && hearing->answer->verdict == VERDICT_OK)
        keep_belief(clerk, &lease, hearing->answer);
}

/* As the producer does: what check says is verified, then redeemed. */
static void ask_redeem(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    struct text stored = text_of(clerk->stored[question->request][question->inc]);
    struct answer *answer = hearing->answer;
    reset_store_check(clerk->store, stored, on_answer, hearing);
    if (answer->status != STATUS_OK || !hearing->has_token)
        return;
    const struct request *request = &clerk->requests[question->request];
    struct reset_redeem redeem = {
        .stored = stored,
        .request_id = text_of(clerk->ids[question->request]),
        .tenant = request->tenant,
        .user_id = request->user_id,
    };
    clerk_mark(redeem.claim, sizeof redeem.claim, 'k', 0, question->key);
    memcpy(redeem.mac, hearing->mac, sizeof redeem.mac);
    memcpy(redeem.recipient, hearing->recipient, sizeof redeem.recipient);
    hearing->heard = false;
    clerk->counter.reads = 0; /* both look at what was there in one moment */
    reset_store_redeem(clerk->store, &redeem, on_answer, hearing);
}

static void ask_stage(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    const struct request *request = &clerk->requests[question->request];
    struct reset_stage stage = {
        .request_id = text_of(clerk->ids[question->request]),
        .tenant = request->tenant,
        .user_id = request->user_id,
        .method = request->method,
        .record_key = keyring_current(clerk->record_keys),
    };
    clerk_mark(stage.salt, sizeof stage.salt, 'a', question->request, question->version);
    clerk_mark(stage.verifier, sizeof stage.verifier, 'v', question->request, question->version);
    reset_store_stage(clerk->store, &stage, on_answer, hearing);
}

/* A mailed password's verifier is taken from where it stands now: it follows from the seed. */
static void find_verifier(struct clerk *clerk, const struct question *question, struct reset_open *open)
{
    char key[64];
    struct password_record password;
    int size = snprintf(key, sizeof key, "password:%s", clerk->slots[question->user]);
    struct text line =
        shelf_get(&clerk->counter.stored, &clerk->values, interning_put(&clerk->keys, key, (size_t)size));
    clerk_mark(open->verifier, sizeof open->verifier, 'v', question->request, question->version);
    if (line.bytes && !method_traits(clerk->requests[question->request].method)->staged &&
        password_record_parse(line, &password) == STATUS_OK && clerk_number(password.inc) == question->inc)
        memcpy(open->verifier, password.verifier, sizeof open->verifier);
}

static void ask_open(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    const struct request *request = &clerk->requests[question->request];
    struct reset_open open = {
        .request_id = text_of(clerk->ids[question->request]),
        .tenant = request->tenant,
        .user_id = request->user_id,
        .record_key = keyring_current(clerk->record_keys),
    };
    clerk_mark(open.inc, sizeof open.inc, 'i', question->request, question->inc);
    find_verifier(clerk, question, &open);
    reset_store_open_password(clerk->store, &open, on_answer, hearing);
}

static const struct request *somebody(const struct clerk *clerk, uint8_t user)
{
    unsigned number = 0;
    while (clerk->users[number] != user)
        number++;
    return &clerk->requests[number];
}

static void ask(struct clerk *clerk, const struct question *question, struct hearing *hearing)
{
    const struct request *of = somebody(clerk, question->user);
    switch ((enum ask)question->ask) {
    case ASK_START:
        reset_store_start(clerk->store, on_answer, hearing);
        break;
    case ASK_BEGIN:
        ask_begin(clerk, question, hearing);
        break;
    case ASK_FINISH:
        ask_finish(clerk, question, hearing);
        break;
    case ASK_REDEEM:
        ask_redeem(clerk, question, hearing);
        break;
    case ASK_REVOKE:
        reset_store_revoke(clerk->store, of->tenant, of->user_id, on_answer, hearing);
        break;
    case ASK_CHANGED:
        reset_store_changed(clerk->store, of->tenant, of->user_id, on_answer, hearing);
        break;
    case ASK_STAGE:
        ask_stage(clerk, question, hearing);
        break;
    case ASK_TRY:
        reset_store_try_password(clerk->store, of->tenant, of->user_id, on_answer, hearing);
        break;
    case ASK_OPEN:
        ask_open(clerk, question, hearing);
        break;
    }
}

const struct answer *clerk_ask(struct clerk *clerk, const struct question *question)
{
    size_t known = clerk->questions.count;
    uint32_t number = interning_put(&clerk->questions, question, sizeof *question);
    if (number < known)
        return (struct answer *)(void *)clerk->answers.bytes + number;
    struct answer answer = {.status = STATUS_INTERNAL};
    struct hearing hearing = {.clerk = clerk, .answer = &answer};
    struct counter *counter = &clerk->counter;
    counter->torn = clerk->scenario->torn || question->deaf;
    counter->deaf = question->deaf;
    counter->wants_read = counter->swapped = counter->wrote_badly = false;
    counter->reads = 0;
    counter->seen_count = question->reads;
    counter->now_ms = question->moment ? clerk_moment(question->moment - 1U, question->again)
                                       : clerk_now(question->minutes);
    shelf_load(&counter->stored, &clerk->shelves, question->shelf);
    for (unsigned i = 0; i < question->reads; i++)
        shelf_load(&counter->seen[i], &clerk->shelves, question->read[i]);
    reset_store_set_not_before(clerk->store, question->not_before ? clerk_now(question->not_before) : 0);
    ask(clerk, question, &hearing);
    answer.wants_read = counter->wants_read;
    answer.shelf = shelf_save(&counter->stored, &clerk->shelves);
    answer.wrote_badly = counter->wrote_badly;
    struct answer *kept = room_take(&clerk->answers, sizeof *kept);
    *kept = answer;
    return kept;
}
