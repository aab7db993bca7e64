/* Breadth first through all that can happen, so that the first way found to a broken promise is a shortest.
 */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "moves.h"

enum { REASONS_MET = 64 };

struct search_settings {
    bool stops;        /* at the first broken promise */
    size_t bytes_most; /* of memory */
};

struct search_result {
    size_t states, moves, bytes, depth;
    double seconds;
    bool exhausted;
    promises broken;
    bool met[REASONS_MET];     /* outcomes with these reasons were told */
    char *ways[PROMISE_COUNT]; /* to each that is broken: a text of one line for each step */
    unsigned steps[PROMISE_COUNT];
};

void search_run(const struct scenario *scenario, const struct search_settings *settings,
                struct search_result *result);
void search_result_clear(struct search_result *result);

#endif
