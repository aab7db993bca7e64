/* What is read from Kafka and when: records become jobs at once, those of retry topics when they are due. */
#ifndef WORKER_INTAKE_H
#define WORKER_INTAKE_H

#include "worker/worker.h"

/* The queues of the retry lanes and the clock tick. */
enum status intake_start(struct worker *worker, struct error *error) WARN_UNUSED;
void intake_stop(struct worker *worker);

/* Callbacks of the consumer; `context` is the worker. */
size_t intake_room(void *context, size_t lane);
bool intake_record(void *context, size_t lane, struct kafka_record *record);
void intake_revoked(void *context, const struct kafka_partition *partitions, size_t count, bool lost);

/* There may be room again: lanes that rest are read. */
void intake_resume(struct worker *worker);

/* A job of the lane is gone.  Ends no other job from inside. */
void intake_job_ended(struct worker *worker);

/* No new record from here on; what waits for its time is given back. */
void intake_drain(struct worker *worker);

#endif
