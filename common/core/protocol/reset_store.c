/* The store as its users see it: made, told its keys, started, and asked how a request stands.  The other
 * questions have files of their own: reset_run.c a worker's, reset_link.c an application's. */
#include "core/protocol/reset_store.h"

#include <assert.h>
#include <stdlib.h>

#include "core/protocol/exchange.h"

#define LEASE_MS     45000
#define TOKEN_TTL_MS (24 * 60 * 60 * 1000)

struct reset_store *reset_store_new(const struct record_store *records,
                                    const struct reset_store_settings *settings)
{
    struct reset_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->records = *records;
    store->settings = *settings;
    if (store->settings.lease_ms == 0)
        store->settings.lease_ms = LEASE_MS;
    if (store->settings.token_ttl_ms == 0)
        store->settings.token_ttl_ms = TOKEN_TTL_MS;
    return store;
}

void reset_store_free(struct reset_store **store)
{
    assert(!*store || (*store)->pending == 0);
    free(*store);
    *store = NULL;
}

void reset_store_set_keys(struct reset_store *store, const struct keyring *token_keys,
                          const struct keyring *record_keys)
{
    store->settings.token_keys = token_keys;
    store->settings.record_keys = record_keys;
}

static void decide_start(struct exchange *exchange)
{
    exchange->decision = (struct decision){.verdict = VERDICT_OK};
    if (exchange->records.born_ms == 0) {
        exchange->records.born_ms = exchange->records.now_ms;
        exchange->decision.sets_born = true;
    }
}

void reset_store_start(struct reset_store *store, reset_store_callback *done, void *context)
{
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_start;
    exchange_key(exchange, SLOT_BORN, "born", (struct text){NULL, 0});
    exchange_run(exchange);
}

static void decide_on_status(struct exchange *exchange)
{
    exchange->decision =
        (struct decision){.verdict = exchange->records.has_request ? VERDICT_OK : VERDICT_NONE};
}

void reset_store_status(struct reset_store *store, struct text request_id, reset_store_callback *done,
                        void *context)
{
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    exchange->decide = decide_on_status;
    if (exchange_name_request(exchange, request_id))
        exchange_run(exchange);
    else
        exchange_refuse(exchange, "the request id");
}

void reset_store_set_not_before(struct reset_store *store, int64_t not_before_ms)
{
    store->settings.not_before_ms = not_before_ms;
}
