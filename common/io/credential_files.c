/* One file in, one parsed object out.  The file's bytes live in a secret buffer only for the parser's sake,
 * and go whatever it says. */
#include "io/credential_files.h"

#include "io/secret_file.h"

static enum status read_file(const char *path, struct buffer *file, struct error *error)
{
    buffer_init_secret(file, SECRET_FILE_LIMIT);
    return secret_file_read(path, file, error);
}

enum status credential_files_keyring(const char *path, struct keyring **keyring, struct error *error)
{
    struct buffer file;
    enum status status = read_file(path, &file, error);
    if (status == STATUS_OK)
        status = keyring_parse(buffer_text(&file), path, keyring, error);
    buffer_clear(&file);
    return status;
}

enum status credential_files_publishers(const char *path, struct publishers **publishers, struct error *error)
{
    struct buffer file;
    enum status status = read_file(path, &file, error);
    if (status == STATUS_OK)
        status = publishers_parse(buffer_text(&file), path, publishers, error);
    buffer_clear(&file);
    return status;
}

enum status credential_files_api_keys(const char *path, struct api_keys **keys, struct error *error)
{
    struct buffer file;
    enum status status = read_file(path, &file, error);
    if (status == STATUS_OK)
        status = api_keys_parse(buffer_text(&file), path, keys, error);
    buffer_clear(&file);
    return status;
}
