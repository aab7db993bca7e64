/* From the file to the publishers in memory.  The file's bytes hold every secret: they are wiped as soon as
 * they are parsed. */
#include "io/publishers_file.h"

#include "io/secret_file.h"

enum status publishers_file_read(const char *path, struct publishers **publishers, struct error *error)
{
    struct buffer file;
    buffer_init_secret(&file, SECRET_FILE_LIMIT);
    enum status status = secret_file_read(path, &file, error);
    if (status == STATUS_OK)
        status = publishers_parse(buffer_text(&file), path, publishers, error);
    buffer_clear(&file);
    return status;
}

enum status publishers_file_entry(const struct publishers *publishers, const char *path, const char *name,
                                  const struct publisher **entry, struct error *error)
{
    *entry = publishers_find(publishers, text_of(name));
    if (*entry == NULL)
        return error_set_field(error, STATUS_CONFIG, "auth.publisher",
                               "%.120s has no publisher %.64s (auth.publisher): add it with `publishers add "
                               "--name %.64s`",
                               path, name, name);
    return STATUS_OK;
}
