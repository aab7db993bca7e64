/* `reset-producer topics [--create]`: the topics needed, what is there, what is wrong. */
#ifndef PRODUCER_TOPICS_COMMAND_H
#define PRODUCER_TOPICS_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "io/kafka_topics.h"

/* Prints one line for each topic on `out`, and what to do about faults.  0: all good (or undescribed for want
 * of an Admin API, and there); 69: no broker, or something is missing or wrong; 78: a property is refused. */
int topics_command(const struct kafka_properties *properties, const struct kafka_topics_plan *plan,
                   bool create, int deadline_ms, FILE *out, FILE *errors);

#endif
