/* A file of keys or publishers, changed by one command at a time: read, edited, checked, replaced whole. */
#ifndef IO_CREDENTIAL_FILE_H
#define IO_CREDENTIAL_FILE_H

#include "core/buffer.h"
#include "core/status.h"

/* Appends the file's next text to `next`, from `old`; anything but STATUS_OK leaves the file as it is. */
typedef enum status credential_file_edit(void *context, struct text old, struct buffer *next,
                                         struct error *error);

/* Where `path` is missing or empty, `old` is `opening` (comment lines).  The folder is locked meanwhile, so
 * two commands do not lose each other's change.  The file is written with mode 0600; one that others can read
 * is refused (STATUS_CONFIG). */
WARN_UNUSED enum status credential_file_change(const char *path, const char *opening,
                                               credential_file_edit *edit, void *context,
                                               struct error *error);

/* Copies `old` to `next` without the lines (core/lines.h) whose first word is `word`; how many those are. */
size_t credential_file_copy_without(struct text old, struct text word, struct buffer *next);

/* sysexits(3): 0, 64 for what the caller named wrongly (INVALID, NOT_FOUND, CONFLICT), 78 for a wrong file,
 * else 69. */
int credential_file_exit_code(enum status status);

#endif
