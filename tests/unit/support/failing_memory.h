/* Memory that runs out: in programs named *_memory_test our own calls of malloc, calloc, realloc and strdup
 * (not those of libraries) fail when the test wants it.  What the test's own doubles ask for is spared. */
#ifndef TESTS_UNIT_SUPPORT_FAILING_MEMORY_H
#define TESTS_UNIT_SUPPORT_FAILING_MEMORY_H

#include <stdbool.h>

/* Above 0: a double is at work, and gets what it asks for. */
extern int memory_spared;

/* The `nth` call from now fails, and every `every`th after it (0: none). */
void memory_fail(unsigned long nth, unsigned long every);

/* All calls succeed again; how many have failed. */
unsigned long memory_recover(void);

#endif
