/* A call that blocks, on a helper thread; its end comes back to the event loop. */
#ifndef IO_OFFLOAD_H
#define IO_OFFLOAD_H

#include "core/status.h"

struct event_base;
struct offload;

/* `work` runs on a thread of its own and must bound its own time; then `done` runs on the loop, and the
 * offload is gone.  Both get `context`, which belongs to `work` between the two. */
enum status offload_start(struct event_base *base, void (*work)(void *context), void (*done)(void *context),
                          void *context, struct offload **offload, struct error *error) WARN_UNUSED;

/* Waits for `work` to end and runs no `done`; only before `done` ran.  Nulls the pointer. */
void offload_cancel(struct offload **offload);

#endif
