/* Edit distance with insertions, deletions, substitutions and swaps of neighbours each counting one (optimal
 * string alignment): what slips of the fingers make. */
#include "io/nearest_name.h"

#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Both shorter than NEAREST_NAME_LIMIT. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_NAME_LIMIT + 1];
    size_t a_size = strlen(a), b_size = strlen(b);
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_size; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(replaced, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_size];
}

void nearest_name_init(struct nearest_name *nearest, const char *wanted)
{
    size_t size = strlen(wanted);
    *nearest = (struct nearest_name){.wanted = wanted, .distance = size / 3 < 2 ? 3 : size / 3 + 1};
}

void nearest_name_offer(struct nearest_name *nearest, const char *known)
{
    if (strlen(nearest->wanted) >= NEAREST_NAME_LIMIT || strlen(known) >= NEAREST_NAME_LIMIT)
        return;
    size_t far = distance(nearest->wanted, known);
    if (far < nearest->distance) {
        nearest->distance = far;
        snprintf(nearest->best, sizeof nearest->best, "%s", known);
    }
}
