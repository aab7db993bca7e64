#include "support/failing_memory.h"

#include <stddef.h>

static unsigned long calls_left, calls_between, failed;

void memory_fail(unsigned long nth, unsigned long every)
{
    calls_left = nth;
    calls_between = every;
    failed = 0;
}

unsigned long memory_recover(void)
{
    calls_left = 0;
    return failed;
}

static bool fails(void)
{
    if (memory_spared > 0 || calls_left == 0 || --calls_left > 0)
        return false;
    calls_left = calls_between;
    failed++;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
char *__real_strdup(const char *string);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
char *__wrap_strdup(const char *string);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size)
{
    return fails() ? NULL : __real_realloc(bytes, size);
}

char *__wrap_strdup(const char *string)
{
    return fails() ? NULL : __real_strdup(string);
}
