/* Redis learns a keyed hash and nothing else; a chosen password goes through Argon2id before, on a thread.
 * The record is sealed with the key that is current now, which the call holds until it is answered. */
#include "producer/password_staging.h"

#include <sodium.h>

#include "producer/password_hashing.h"

static void end(struct password_staging *staging, enum staging_end how)
{
    if (how != STAGING_DONE)
        sodium_memzero(staging->shown, sizeof staging->shown);
    staging->done(staging->context, how);
}

static void on_staged(void *context, const struct reset_answer *answer)
{
    struct password_staging *staging = context;
    if (answer->status == STATUS_OK && answer->verdict == VERDICT_OK)
        end(staging, STAGING_DONE);
    else if (answer->status == STATUS_OK && answer->verdict == VERDICT_DONE)
        end(staging, STAGING_BEGUN);
    else
        end(staging, STAGING_UNAVAILABLE);
}

static void stage(struct password_staging *staging)
{
    reset_store_stage(staging->call->serve->store, &staging->question, on_staged, staging);
}

static void on_stretched(void *context, enum status status, const unsigned char *stretched)
{
    struct password_staging *staging = context;
    struct reset_stage *question = &staging->question;
    if (status != STATUS_OK || staging->call->serve->ended) {
        end(staging, STAGING_UNAVAILABLE);
        return;
    }
    temporary_password_verifier_chosen(question->record_key, question->tenant, question->user_id, stretched,
                                       question->verifier);
    stage(staging);
}

static void forget_given(struct password_staging *staging)
{
    text_wipe(&staging->request->password);
    http_call_wipe(staging->call);
}

static void take_chosen(struct password_staging *staging)
{
    struct serve *serve = staging->call->serve;
    struct password_stretch *place = password_hashing_claim(serve);
    if (!place) {
        forget_given(staging);
        end(staging, STAGING_BUSY);
        return;
    }
    process_random(staging->question.salt, sizeof staging->question.salt);
    bool started = password_hashing_start(serve, &place, staging->request->password, staging->question.salt,
                                          on_stretched, staging);
    forget_given(staging);
    if (!started)
        end(staging, STAGING_UNAVAILABLE);
}

static void make_handed(struct password_staging *staging)
{
    struct reset_stage *question = &staging->question;
    unsigned char random[TEMPORARY_PASSWORD_RANDOM_SIZE];
    char canonical[TEMPORARY_PASSWORD_CANONICAL_LENGTH + 1];
    process_random(random, sizeof random);
    temporary_password_make(random, staging->shown);
    temporary_password_canonical(text_of(staging->shown), canonical);
    temporary_password_verifier_generated(question->record_key, question->tenant, question->user_id,
                                          text_of(canonical), question->verifier);
    sodium_memzero(random, sizeof random);
    sodium_memzero(canonical, sizeof canonical);
    stage(staging);
}

void password_staging_start(struct password_staging *staging, struct http_call *call, struct request *request,
                            const char *id, void (*done)(void *context, enum staging_end end), void *context)
{
    *staging = (struct password_staging){.call = call,
                                         .request = request,
                                         .done = done,
                                         .context = context,
                                         .question = {
                                             .request_id = text_of(id),
                                             .tenant = request->tenant,
                                             .user_id = request->user_id,
                                             .method = request->method,
                                             .record_key = keyring_current(call->credentials->record_keys),
                                         }};
    if (request->method == METHOD_TEMPORARY_PASSWORD_CHOSEN)
        take_chosen(staging);
    else
        make_handed(staging);
}

void password_staging_clear(struct password_staging *staging)
{
    sodium_memzero(staging, sizeof *staging);
}
