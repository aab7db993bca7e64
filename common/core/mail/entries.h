/* The plain format of our template files: one `key: value` a line, '#' begins a comment line, blank lines are
 * nothing. */
#ifndef CORE_MAIL_ENTRIES_H
#define CORE_MAIL_ENTRIES_H

#include "core/status.h"
#include "core/text.h"

enum { ENTRIES_MAX = 64 };

struct entry {
    struct text key, value; /* parts of the file's content */
    unsigned line;          /* from 1 */
    bool used;
};

struct entries {
    const char *file; /* what errors call it */
    struct entry list[ENTRIES_MAX];
    size_t count;
};

/* STATUS_CONFIG, with file and line: no key of lower-case letters, digits and '_', a key twice, too many
 * entries, or a character that is not UTF-8 or controls text. */
enum status entries_parse(const char *file, struct text content, struct entries *entries,
                          struct error *error) WARN_UNUSED;

/* The entry, now marked as used, or NULL. */
struct entry *entries_find(struct entries *entries, struct text key);

/* STATUS_CONFIG, naming the first entry that nobody asked for: a slip of the pen in a key is not to go
 * unseen. */
enum status entries_check_used(const struct entries *entries, struct error *error) WARN_UNUSED;

#endif
