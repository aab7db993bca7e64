/* glibc keeps what was freed, for the next who asks: a heap shrinks only from its end, and one small piece
 * there (each of librdkafka's threads has a heap of its own) holds all below it.  So a worker would stay for
 * ever at the size of its largest backlog.  malloc_trim(3) gives back whole free pages of every heap, also
 * from the middle. */
#include "io/free_memory.h"

#include <malloc.h>
#include <stdlib.h>

#include <event2/event.h>

#include "io/clock.h"

struct free_memory {
    struct event *timer;
};

static void on_time(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what, (void)context;
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

enum status free_memory_new(struct event_base *base, int64_t every_ms, struct free_memory **result,
                            struct error *error)
{
    const struct timeval every = clock_span(every_ms);
    struct free_memory *made = calloc(1, sizeof *made);
    *result = made;
    if (made)
        made->timer = event_new(base, -1, EV_PERSIST, on_time, made);
    if (!made || !made->timer || event_add(made->timer, &every) != 0) {
        free_memory_free(result);
        return error_set(error, STATUS_MEMORY, "no memory for the timer that gives memory back");
    }
    return STATUS_OK;
}

void free_memory_free(struct free_memory **free_memory)
{
    struct free_memory *gone = *free_memory;
    *free_memory = NULL;
    if (!gone)
        return;
    if (gone->timer)
        event_free(gone->timer);
    free(gone);
}
