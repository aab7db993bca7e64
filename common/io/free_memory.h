/* Memory that is free goes back to the system: after a backlog or a burst the process is as small as before.
 */
#ifndef IO_FREE_MEMORY_H
#define IO_FREE_MEMORY_H

#include <stdint.h>

#include "core/status.h"

struct event_base;
struct free_memory;

enum { FREE_MEMORY_EVERY_MS = 30000 };

/* Looks every `every_ms` milliseconds, on the loop of `base`, until it is freed. */
enum status free_memory_new(struct event_base *base, int64_t every_ms, struct free_memory **result,
                            struct error *error) WARN_UNUSED;
void free_memory_free(struct free_memory **free_memory);

#endif
