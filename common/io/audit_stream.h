/* The audit trail's copy on stdout, a JSON line per record.  The Kafka topic is the authority: this copy
 * never holds the loop up; when the reader is slower than the events, lines beyond AUDIT_STREAM_LIMIT are
 * dropped whole and counted. */
#ifndef IO_AUDIT_STREAM_H
#define IO_AUDIT_STREAM_H

#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

struct event_base;
struct metrics;
struct audit_stream;

#define AUDIT_STREAM_LIMIT ((size_t)1024 * 1024) /* bytes waiting */

/* Writes to `descriptor` (1), which stays the caller's.  Dropped lines count in METRIC_AUDIT_LINES_DROPPED.
 */
enum status audit_stream_new(struct event_base *base, int descriptor, struct metrics *metrics,
                             struct audit_stream **stream, struct error *error) WARN_UNUSED;

/* `line` is one JSON text without its line end; copied.  Lines of one loop turn go out in one write. */
void audit_stream_write(struct audit_stream *stream, struct text line);

/* Gives what is waiting at most `wait_ms` to go out, then frees. */
void audit_stream_free(struct audit_stream **stream, int64_t wait_ms);

#endif
