/* The producer's questions about temporary passwords: keep one that is shown, charge a try, open. */
#include "core/protocol/exchange.h"

static void refuse(struct reset_store *store, reset_store_callback *done, void *context)
{
    struct error error;
    struct exchange *exchange = exchange_new(store, NULL, done, context);
    if (!exchange)
        return;
    error_set(&error, STATUS_INTERNAL, "temporary passwords are not kept yet");
    exchange_fail(exchange, STATUS_INTERNAL, &error);
}

void reset_store_stage(struct reset_store *store, const struct reset_stage *question,
                       reset_store_callback *done, void *context)
{
    (void)question;
    refuse(store, done, context);
}

void reset_store_try_password(struct reset_store *store, struct text tenant, struct text user_id,
                              reset_store_callback *done, void *context)
{
    (void)tenant;
    (void)user_id;
    refuse(store, done, context);
}

void reset_store_open_password(struct reset_store *store, const struct reset_open *question,
                               reset_store_callback *done, void *context)
{
    (void)question;
    refuse(store, done, context);
}
