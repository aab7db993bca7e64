/* The 0600 files that processes read at start and again at SIGHUP: keys, publishers, API keys.  Each call
 * reads and parses one; the errors are those of io/secret_file.h and of the parser, and name the file.  What
 * was read is wiped but for what the result keeps. */
#ifndef IO_CREDENTIAL_FILES_H
#define IO_CREDENTIAL_FILES_H

#include "core/api_keys.h"
#include "core/keyring.h"
#include "core/publishers.h"

WARN_UNUSED enum status credential_files_keyring(const char *path, struct keyring **keyring,
                                                 struct error *error);
WARN_UNUSED enum status credential_files_publishers(const char *path, struct publishers **publishers,
                                                    struct error *error);
WARN_UNUSED enum status credential_files_api_keys(const char *path, struct api_keys **keys,
                                                  struct error *error);

#endif
