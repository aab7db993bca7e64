/* What is free is given back, again and again; whether glibc then shrinks is seen in the long runs (I7). */
#include "support.h"

#include <malloc.h>

#include <event2/event.h>

#include "io/free_memory.h"

static struct {
    size_t times, kept;
} trims;

/* In the place of glibc's, which does nothing to the memory of a sanitizer. */
int malloc_trim(size_t kept)
{
    trims.times++;
    trims.kept += kept;
    return 1;
}

static void free_memory_is_given_back_again_and_again(void **state)
{
    (void)state;
    struct error error;
    struct free_memory *free_memory = NULL;
    struct event_base *base = event_base_new();
    trims.times = trims.kept = 0;
    assert_ok(free_memory_new(base, 1, &free_memory, &error), &error);
    for (int turn = 0; turn < 3; turn++)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0); /* 1: the timer is no more */
    assert_int_equal(trims.times, 3);
    assert_int_equal(trims.kept, 0); /* all of it */
    free_memory_free(&free_memory);
    assert_null(free_memory);
    free_memory_free(&free_memory);
    assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 1);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(free_memory_is_given_back_again_and_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
