/* Short texts without printf, which takes ten times as long for each. */
#ifndef CORE_SHORT_TEXT_H
#define CORE_SHORT_TEXT_H

#include <stdint.h>

#include "core/text.h"

#define SHORT_TEXT_NUMBER 20 /* bytes of the longest number */

/* Copies into `room` as a C string, cut where it does not fit; `size` is at least 1. */
void short_text_keep(struct text text, char *room, size_t size);

/* A number in decimal, as it was written into `room`. */
struct text short_text_number(int64_t number, char room[static SHORT_TEXT_NUMBER]);

#endif
