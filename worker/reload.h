/* SIGHUP: what the worker reads again while it runs. */
#ifndef WORKER_RELOAD_H
#define WORKER_RELOAD_H

#include "worker/worker.h"

/* Keys and publishers, token.not_before, and how tenants' mails look; what is wrong stays as it was, each by
 * itself.  Log and METRIC_RELOAD_FAILED say so. */
void reload_run(struct worker *worker);

#endif
