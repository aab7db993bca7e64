/* Memory for libraries that hold secrets for a while: malloc, realloc and free that wipe what they give back.
 */
#ifndef CORE_WIPED_PIECE_H
#define CORE_WIPED_PIECE_H

#include <stddef.h>

/* NULL without memory. */
void *wiped_piece_take(size_t size);

/* Wipes all of it and gives it back; NULL is fine. */
void wiped_piece_give(void *piece);

/* Moves it into a piece of another size.  NULL without memory, and then the old one stays. */
void *wiped_piece_change(void *piece, size_t size);

#endif
