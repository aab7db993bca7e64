/* The steps of the pipeline, in the files named for what they touch; and the plans that they switch to. */
#ifndef WORKER_STEPS_H
#define WORKER_STEPS_H

#include "worker/job.h"

/* steps_intake.c */
enum progress step_verify(struct job *job);
enum progress step_decode(struct job *job);
enum progress step_judge(struct job *job);

/* steps_store.c */
enum progress step_begin(struct job *job);
enum progress step_finish(struct job *job);
void lease_renew(struct job *job); /* not a step: goes beside the others */
void lease_lost(struct job *job);  /* what is not at the dot does not get there */
bool lease_holds(const struct job *job);
int64_t lease_now_ms(const struct job *job); /* by Redis's clock, from its last answer on */
void lease_forget(struct job *job);
/* Whose budget for requests in bulk it is; absent: not in bulk, or not believed. */
struct text job_bulk_key(const struct job *job);

/* steps_build.c */
enum progress step_build(struct job *job);

/* steps_mail.c */
enum progress step_mail(struct job *job);
enum progress step_await(struct job *job);
enum progress step_dispose(struct job *job);
enum progress job_park(struct job *job);

/* steps_kafka.c */
enum progress step_copy(struct job *job);
enum progress step_dead_letter(struct job *job);
enum progress step_complete(struct job *job);
enum progress job_produce(struct job *job, const struct kafka_message *message);
enum progress job_kafka_trouble(struct job *job, const char *reason); /* the step again, when Kafka is back */

/* steps_audit.c */
enum progress step_audit(struct job *job);
enum progress step_completion(struct job *job);

#endif
