/* Our own calls of malloc, calloc, realloc and strdup, not those of libraries: where a program is linked with
 * --wrap for the four (RESET_WRAPPED_MEMORY in CMakeLists.txt), each first asks memory_fails(), which that
 * program has.  Two have: a build with failpoints (common/io/failpoint.c), and the unit tests named
 * *_memory_test (tests/unit/support/failing_memory.c). */
#include <stdbool.h>
#include <stddef.h>

bool memory_fails(void);

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
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(bytes, size);
}

char *__wrap_strdup(const char *string)
{
    return memory_fails() ? NULL : __real_strdup(string);
}
