/* What /readyz and /metrics tell of a worker. */
#ifndef WORKER_HEALTH_H
#define WORKER_HEALTH_H

#include "worker/worker.h"

enum status health_start(struct worker *worker, struct error *error) WARN_UNUSED;
void health_stop(struct worker *worker);

#endif
