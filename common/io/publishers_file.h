/* The publishers file (auth.publishers_file), read whole; its form is core/publishers.h's. */
#ifndef IO_PUBLISHERS_FILE_H
#define IO_PUBLISHERS_FILE_H

#include "core/publishers.h"

/* STATUS_CONFIG when it is missing, open to others or wrong; the sentence names file and line. */
enum status publishers_file_read(const char *path, struct publishers **publishers,
                                 struct error *error) WARN_UNUSED;

/* The entry of that name; STATUS_CONFIG says how to add it.  It lives as long as `publishers`. */
enum status publishers_file_entry(const struct publishers *publishers, const char *path, const char *name,
                                  const struct publisher **entry, struct error *error) WARN_UNUSED;

#endif
