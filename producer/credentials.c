/* Files are read by io/credential_files.h.  Nothing is replaced before everything has been read. */
#include "producer/credentials.h"

#include <stdlib.h>

#include "io/credential_files.h"

enum status credentials_load_own(const struct config *config, struct publishers **publishers,
                                 const struct publisher **own, struct error *error)
{
    const char *path = config_text(config, CONFIG_AUTH_PUBLISHERS_FILE);
    const char *name = config_text(config, CONFIG_AUTH_PUBLISHER);
    enum status status = credential_files_publishers(path, publishers, error);
    if (status != STATUS_OK)
        return status;
    *own = publishers_find(*publishers, text_of(name));
    if (*own)
        return STATUS_OK;
    publishers_free(publishers);
    return error_set(
        error, STATUS_CONFIG,
        "%s has no entry %s, which auth.publisher names: `reset-producer publishers add --name %s` "
        "makes one",
        path, name, name);
}

enum status credentials_check_intake(const struct config *config, const struct publisher *own,
                                     struct error *error)
{
    if (grant_has_scope(&own->grant, SCOPE_ASSERT_KEY))
        return STATUS_OK;
    return error_set(
        error, STATUS_CONFIG,
        "the publisher %s (auth.publisher) has not the scope assert:key in %s: workers would not "
        "believe which API key asked; add it to the scopes of its line, here and at every worker",
        config_text(config, CONFIG_AUTH_PUBLISHER), config_text(config, CONFIG_AUTH_PUBLISHERS_FILE));
}

static enum status load(const struct config *config, struct credentials *made, struct error *error)
{
    enum status status;
    if ((status = credentials_load_own(config, &made->publishers, &made->own, error)) ||
        (status = credentials_check_intake(config, made->own, error)) ||
        (status =
             credential_files_api_keys(config_text(config, CONFIG_AUTH_KEYS_FILE), &made->api_keys, error)))
        return status;
    if (!config_is_set(config, CONFIG_REDIS_URL))
        return STATUS_OK;
    return credential_files_keyring(config_text(config, CONFIG_TOKEN_RECORD_KEYS_FILE), &made->record_keys,
                                    error);
}

enum status credentials_load(const struct config *config, struct credentials **credentials,
                             struct error *error)
{
    struct credentials *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_MEMORY, "no memory for keys");
    made->holders = 1;
    enum status status = load(config, made, error);
    if (status == STATUS_OK)
        *credentials = made;
    else
        credentials_release(&made);
    return status;
}

struct credentials *credentials_hold(struct credentials *credentials)
{
    credentials->holders++;
    return credentials;
}

void credentials_release(struct credentials **credentials)
{
    struct credentials *gone = *credentials;
    *credentials = NULL;
    if (!gone || --gone->holders > 0)
        return;
    api_keys_free(&gone->api_keys);
    publishers_free(&gone->publishers);
    keyring_free(&gone->record_keys);
    free(gone);
}
