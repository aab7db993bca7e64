/* Result lines to a descriptor that may be slow (a pipe into a pager): written as it takes them, never
 * blocking the loop, nothing dropped.  Whoever fills it looks at result_output_is_full and waits. */
#ifndef PRODUCER_RESULT_OUTPUT_H
#define PRODUCER_RESULT_OUTPUT_H

#include "core/buffer.h"
#include "core/status.h"

struct event_base;
struct result_output;

/* `changed` is called from the loop whenever something was written, or when writing has failed. */
enum status result_output_new(struct event_base *base, int descriptor, void (*changed)(void *context),
                              void *context, struct result_output **output, struct error *error) WARN_UNUSED;
void result_output_free(struct result_output **output); /* what is waiting is lost */

/* Where lines are appended. */
struct buffer *result_output_lines(struct result_output *output);

/* Writes what is there, now where the descriptor takes it, else later from the loop. */
void result_output_flush(struct result_output *output);

bool result_output_is_full(const struct result_output *output);
bool result_output_is_empty(const struct result_output *output);
int result_output_failure(const struct result_output *output); /* errno of the write that failed; 0: none */

#endif
