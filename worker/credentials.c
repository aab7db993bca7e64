/* Three 0600 files.  A reload reads all of them before it replaces any: keys and publishers of two different
 * moments never stand side by side. */
#include "worker/credentials.h"

#include "io/credential_files.h"
#include "io/log.h"

struct credentials {
    struct keyring *token_keys, *record_keys;
    struct publishers *publishers;
};

static void clear(struct credentials *credentials)
{
    keyring_free(&credentials->token_keys);
    keyring_free(&credentials->record_keys);
    publishers_free(&credentials->publishers);
}

static enum status read_all(const struct config *config, struct credentials *credentials, struct error *error)
{
    enum status status;
    if ((status = credential_files_keyring(config_text(config, CONFIG_TOKEN_MASTER_KEYS_FILE),
                                           &credentials->token_keys, error)) ||
        (status = credential_files_keyring(config_text(config, CONFIG_TOKEN_RECORD_KEYS_FILE),
                                           &credentials->record_keys, error)))
        return status;
    return credential_files_publishers(config_text(config, CONFIG_AUTH_PUBLISHERS_FILE),
                                       &credentials->publishers, error);
}

static void take(struct worker *worker, const struct credentials *credentials)
{
    worker->token_keys = credentials->token_keys;
    worker->record_keys = credentials->record_keys;
    worker->publishers = credentials->publishers;
}

enum status credentials_load(struct worker *worker, struct error *error)
{
    struct credentials credentials = {0};
    enum status status = read_all(worker->config, &credentials, error);
    if (status == STATUS_OK)
        take(worker, &credentials);
    else
        clear(&credentials);
    return status;
}

void credentials_reload(struct worker *worker)
{
    struct credentials fresh = {0}, old = {worker->token_keys, worker->record_keys, worker->publishers};
    struct error error = {0};
    if (read_all(worker->config, &fresh, &error)) {
        clear(&fresh);
        metrics_set(worker->metrics, METRIC_RELOAD_FAILED, LABELS("credentials"), 1);
        log_write(LOG_LEVEL_ERROR, "reload failed: the old keys and publishers stay", LOG_ERROR(&error));
        return;
    }
    take(worker, &fresh);
    reset_store_set_keys(worker->store, worker->token_keys, worker->record_keys);
    clear(&old);
    metrics_set(worker->metrics, METRIC_RELOAD_FAILED, LABELS("credentials"), 0);
    log_write(LOG_LEVEL_INFO, "keys and publishers are read again");
}

void credentials_clear(struct worker *worker)
{
    struct credentials credentials = {worker->token_keys, worker->record_keys, worker->publishers};
    clear(&credentials);
    take(worker, &(struct credentials){0});
}
