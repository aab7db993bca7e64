/* The worker's keys and publishers: read at start, read again at SIGHUP. */
#ifndef WORKER_CREDENTIALS_H
#define WORKER_CREDENTIALS_H

#include "worker/worker.h"

enum status credentials_load(struct worker *worker, struct error *error) WARN_UNUSED;

/* All of them or none: a bad file leaves the old ones and says so. */
void credentials_reload(struct worker *worker);
void credentials_clear(struct worker *worker);

#endif
