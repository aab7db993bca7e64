/* The configuration of a process, read once: INI file, over it the environment (RESET_RELAY_<SECTION>_<KEY>),
 * over it --set.
 *
 * A secret comes from a file that only its owner can read: the INI file itself (then 0600), or the file named
 * by RESET_RELAY_<SECTION>_<KEY>_FILE or `<key>_file`; never from the environment's value or argv.  Values
 * live as long as the config. */
#ifndef IO_CONFIG_H
#define IO_CONFIG_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/duration.h"
#include "core/status.h"
#include "io/settings.h"

struct config;

struct config_source {
    const char *path;               /* --config; NULL: no file */
    const char *const *environment; /* "NAME=value" closed by NULL; may be NULL */
    const char *const *settings;    /* "section.key=value" of --set */
    size_t setting_count;
};

/* STATUS_CONFIG when anything is wrong: `faults` then has one sentence a line, all of them, each with file
 * and line (or the variable, or --set) and what to do.  Checks each value by itself; config_rules.h checks
 * what hangs together.  `*config` is there also after STATUS_CONFIG, with defaults in the place of what is
 * wrong: only for the rules, so that all faults are told at once.  NULL where the file
 * could not be read, or without memory. */
enum status config_load(enum config_program program, const struct config_source *source,
                        struct config **config, struct buffer *faults) WARN_UNUSED;
void config_free(struct config **config);

bool config_is_set(const struct config *config, enum config_key key);      /* a default counts */
bool config_was_refused(const struct config *config, enum config_key key); /* it had a value, a wrong one */

/* Where the value came from ("reset-relay.ini:12", "default"); for sentences. */
const char *config_origin(const struct config *config, enum config_key key);

/* Each asserts that the key has its type.  NULL or 0 where it is not set. */
const char *config_text(const struct config *config,
                        enum config_key key); /* text, path, url, secret: as written */
int64_t config_number(const struct config *config, enum config_key key); /* number, bytes */
int64_t config_duration_ms(const struct config *config, enum config_key key);
int64_t config_time_ms(const struct config *config, enum config_key key); /* since 1970 */
int config_choice(const struct config *config, enum config_key key);      /* index into the table's choices */

struct rate config_rate(const struct config *config, enum config_key key);

struct config_address {
    const char *host; /* without brackets */
    uint16_t port;
};
struct config_address config_address(const struct config *config, enum config_key key);

/* The entries as written, also those of a list of durations. */
const char *const *config_list(const struct config *config, enum config_key key, size_t *count);
const int64_t *config_duration_list(const struct config *config, enum config_key key, size_t *count);

/* Section [kafka], properties as written there, in order; librdkafka judges them when a handle is made. */
struct config_pair {
    const char *name, *value;
};
const struct config_pair *config_kafka(const struct config *config, size_t *count);
const char *config_kafka_value(const struct config *config, const char *name); /* NULL: not given */

/* INI text that config_load reads back, each key with its help; a secret's value is ******** in a comment. */
void config_print(const struct config *config, struct buffer *out);

/* The table for the README, in Markdown. */
void config_document(struct buffer *out);

#endif
