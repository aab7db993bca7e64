/* token.not_before at SIGHUP, the same in both programs. */
#ifndef IO_NOT_BEFORE_H
#define IO_NOT_BEFORE_H

#include "core/protocol/reset_store.h"
#include "io/config.h"
#include "io/metrics.h"

/* Reads the moment again and tells the store; a wrong one leaves the old one.  Log and METRIC_RELOAD_FAILED
 * say which it was. */
void not_before_reload(const struct config *config, struct reset_store *store, struct metrics *metrics);

#endif
