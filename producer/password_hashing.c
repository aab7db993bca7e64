/* One count and one line in the log for every password that Argon2id is asked to hash, whichever call asks.
 */
#include "producer/password_hashing.h"

#include "io/log.h"
#include "producer/serve.h"

struct password_stretch *password_hashing_claim(struct serve *serve)
{
    struct password_stretch *place = password_stretcher_claim(serve->stretcher);
    if (!place)
        metrics_add(serve->metrics, METRIC_PASSWORD_HASHES, LABELS("busy"), 1);
    return place;
}

bool password_hashing_start(struct serve *serve, struct password_stretch **place, struct text password,
                            const unsigned char salt[TEMPORARY_PASSWORD_SALT_SIZE], password_stretched *done,
                            void *context)
{
    struct error error = {0};
    enum status status = password_stretch_start(place, password, salt, done, context, &error);
    metrics_add(serve->metrics, METRIC_PASSWORD_HASHES, LABELS(status == STATUS_OK ? "done" : "failed"), 1);
    if (status != STATUS_OK)
        log_write(LOG_LEVEL_ERROR, "a password cannot be hashed", LOG_ERROR(&error));
    return status == STATUS_OK;
}
