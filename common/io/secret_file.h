/* Small files that hold secrets: read only when nobody else can read them, written only so. */
#ifndef IO_SECRET_FILE_H
#define IO_SECRET_FILE_H

#include "core/buffer.h"
#include "core/status.h"

#define SECRET_FILE_LIMIT ((size_t)1024 * 1024) /* bytes */

/* Appends the bytes of the regular file `path` (symbolic links are followed, as Kubernetes mounts them) to
 * `secret`, a buffer of buffer_init_secret whose limit caps the size.  STATUS_CONFIG when it is missing,
 * belongs to neither us nor root, is open to group or others (the sentence names the chmod to run), is no
 * regular file or is larger than the limit. */
enum status secret_file_read(const char *path, struct buffer *secret, struct error *error) WARN_UNUSED;

/* The same for one secret on one line: line ends at the end are taken off; empty, NUL, or more lines:
 * STATUS_CONFIG. */
enum status secret_file_read_line(const char *path, struct buffer *secret, struct error *error) WARN_UNUSED;

/* Replaces (or creates) `path` with `bytes`, mode 0600: written beside it, synced, renamed, folder synced.
 * After a failure the old file stands as it was.  A symbolic link at `path` is replaced, not followed. */
enum status secret_file_write(const char *path, struct text bytes, struct error *error) WARN_UNUSED;

#endif
