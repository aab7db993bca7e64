/* Whether an address could be listened on; nothing listens meanwhile, so nobody's connection is taken. */
#ifndef IO_LISTEN_PROBE_H
#define IO_LISTEN_PROBE_H

#include <stdbool.h>

#include "core/status.h"
#include "io/config.h"

/* `shared`: as with SO_REUSEPORT, beside others of the same user.  OK; STATUS_CONFLICT: somebody listens
 * there, perhaps the program itself; STATUS_CONFIG: no such host; STATUS_UNAVAILABLE: not here, or not
 * allowed. */
enum status listen_probe(struct config_address address, bool shared, struct error *error) WARN_UNUSED;

#endif
