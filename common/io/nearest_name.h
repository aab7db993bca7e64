/* Which known name somebody may have meant by an unknown one. */
#ifndef IO_NEAREST_NAME_H
#define IO_NEAREST_NAME_H

#include <stddef.h>

#define NEAREST_NAME_LIMIT 80 /* bytes; longer names are no neighbours of anything */

struct nearest_name {
    const char *wanted;
    size_t distance; /* of the best so far */
    char best[NEAREST_NAME_LIMIT];
};

/* Start with nearest_name_init, offer every known name, then take `best`: empty where none is near (a third
 * of the letters may differ, two at least). */
void nearest_name_init(struct nearest_name *nearest, const char *wanted);
void nearest_name_offer(struct nearest_name *nearest, const char *known);

#endif
