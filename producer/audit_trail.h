/* The producer's audit records: on the audit topic, and a line on stdout. */
#ifndef PRODUCER_AUDIT_TRAIL_H
#define PRODUCER_AUDIT_TRAIL_H

#include "core/audit.h"
#include "io/audit_stream.h"
#include "io/kafka_producer.h"
#include "io/metrics.h"

struct audit_trail;

/* None of these is owned; `lines` and `metrics` may be NULL. */
enum status audit_trail_new(struct kafka_producer *kafka, const char *topic, struct audit_stream *lines,
                            struct metrics *metrics, struct audit_trail **trail,
                            struct error *error) WARN_UNUSED;
void audit_trail_free(struct audit_trail **trail);

/* Source and time are filled here; so is the id (a random UUID) where it is NULL.  The outcome is counted.
 * `written` as with kafka_producer_send; the line on stdout goes out whatever Kafka says. */
enum status audit_trail_write(struct audit_trail *trail, struct audit_record *record,
                              kafka_delivered *written, void *context, struct error *error) WARN_UNUSED;

#endif
