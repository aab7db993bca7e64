/* What SIGHUP reads again of the configuration itself.  Everything else takes a new process; files that it
 * names have their own reload. */
#ifndef IO_CONFIG_RELOAD_H
#define IO_CONFIG_RELOAD_H

#include "io/config.h"

/* token.not_before as the sources of `config` (which must still be there) say it now: milliseconds since
 * 1970, 0 where it is not set.  STATUS_CONFIG, and *not_before_ms untouched, when any of the configuration is
 * wrong or the moment is yet to come. */
enum status config_reload_not_before(const struct config *config, int64_t *not_before_ms,
                                     struct error *error) WARN_UNUSED;

#endif
