/* The configuration as the worker's parts want it. */
#ifndef WORKER_SETTINGS_H
#define WORKER_SETTINGS_H

#include "io/kafka_topics.h"
#include "worker/worker.h"

/* All of these keep pointers into `config`. */
void settings_read(const struct config *config, struct worker_settings *values);
void settings_smtp(const struct config *config, const char *envelope_from, struct smtp_settings *values);
void settings_store(const struct config *config, struct reset_store_settings *values);
enum status settings_topics(const struct worker_settings *values, struct kafka_topics_plan *plan,
                            struct error *error) WARN_UNUSED;

#endif
