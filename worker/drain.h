/* The end of a worker: nothing new, what is under way to its end, what is left given back, the group left. */
#ifndef WORKER_DRAIN_H
#define WORKER_DRAIN_H

#include "worker/worker.h"

/* First SIGTERM or SIGINT, or a consumer that is dead for good. */
void drain_begin(struct worker *worker);

/* Something has ended, or time has passed: goes on when there is nothing left to wait for. */
void drain_look(struct worker *worker);

#endif
