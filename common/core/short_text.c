/* An event has a dozen short texts to keep and numbers to write.  Nothing is owned: who calls has the room.
 */
#include "core/short_text.h"

void short_text_keep(struct text text, char *room, size_t size)
{
    size_t kept = text.size < size ? text.size : size - 1;
    if (kept > 0)
        memcpy(room, text.bytes, kept);
    room[kept] = '\0';
}

struct text short_text_number(int64_t number, char room[static SHORT_TEXT_NUMBER])
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t at = SHORT_TEXT_NUMBER;
    do {
        room[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        room[--at] = '-';
    return (struct text){room + at, SHORT_TEXT_NUMBER - at};
}
