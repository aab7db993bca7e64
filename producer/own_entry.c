/* A producer without its own entry could only write events that every worker refuses: it does not start. */
#include "producer/own_entry.h"

#include "io/credential_files.h"

enum status own_entry_read(const struct config *config, struct publishers **publishers,
                           const struct publisher **entry, struct error *error)
{
    const char *path = config_text(config, CONFIG_AUTH_PUBLISHERS_FILE);
    const char *name = config_text(config, CONFIG_AUTH_PUBLISHER);
    enum status status = credential_files_publishers(path, publishers, error);
    if (status != STATUS_OK)
        return status;
    *entry = publishers_find(*publishers, text_of(name));
    if (*entry == NULL)
        return error_set_field(error, STATUS_CONFIG, "auth.publisher",
                               "%.100s has no publisher %.64s (auth.publisher): add it with `reset-producer "
                               "publishers add --name %.64s`",
                               path, name, name);
    return STATUS_OK;
}
