/* A file of the operator's without secrets, read whole: templates, tenants' looks.  Those with secrets are
 * io/secret_file.h's. */
#ifndef IO_WHOLE_FILE_H
#define IO_WHOLE_FILE_H

#include "core/buffer.h"
#include "core/status.h"

/* Appends what the file has; at most what the buffer's limit allows.  STATUS_CONFIG, as `path:1: ...`; `what`
 * names it in the sentence ("templates.tenants", or "" where the path says enough). */
enum status whole_file_read(const char *path, const char *what, struct buffer *content,
                            struct error *error) WARN_UNUSED;

#endif
