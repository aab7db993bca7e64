/* Trees in memory of their reader: they fit or go on elsewhere, nothing is left, no other thread notices. */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "core/json_bytes.h"
#include "core/json_memory.h"

static const char *const canary = "canary-of-a-secret";

static json_t *read_tree(struct text bytes)
{
    struct error error = {0};
    json_t *tree;
    assert_ok(json_read(bytes, bytes.size, &tree, NULL, &error), &error);
    return tree;
}

static void a_tree_stands_in_the_open_memory_and_is_wiped_with_it(void **state)
{
    (void)state;
    struct json_memory memory;
    memset(memory.bytes, 0, sizeof memory.bytes);
    json_memory_open(&memory);
    json_t *tree = read_tree(TEXT("{\"a\":{\"b\":\"canary-of-a-secret\"}}"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(tree, "a"), "b")), canary);
    assert_true(memory.pieces > 0);
    assert_non_null(memmem(memory.bytes, memory.used, canary, strlen(canary)));
    json_decref(tree);
    assert_int_equal(memory.pieces, 0);
    json_memory_close(&memory);
    assert_true(memory.used > 0);
    assert_true(sodium_is_zero((const unsigned char *)memory.bytes, sizeof memory.bytes));
}

/* Numbers 0 to 9999: far more than the memory has room for. */
static struct text many_numbers(char *bytes, size_t capacity)
{
    size_t size = (size_t)snprintf(bytes, capacity, "{\"a\":[0");
    for (int i = 1; i < 10000; i++)
        size += (size_t)snprintf(bytes + size, capacity - size, ",%d", i);
    size += (size_t)snprintf(bytes + size, capacity - size, "]}");
    return (struct text){bytes, size};
}

static void a_tree_larger_than_the_memory_goes_on_in_its_own(void **state)
{
    (void)state;
    struct json_memory memory;
    static char bytes[64 * 1024];
    struct text numbers = many_numbers(bytes, sizeof bytes);
    json_memory_open(&memory);
    json_t *tree = read_tree(numbers);
    assert_in_range(memory.used, sizeof memory.bytes / 2, sizeof memory.bytes);
    json_t *list = json_object_get(tree, "a");
    assert_int_equal(json_array_size(list), 10000);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(json_integer_value(json_array_get(list, i)), i);
    json_decref(tree);
    json_memory_close(&memory);
}

/* A tree of before is given back where it came from. */
static void a_tree_from_before_the_opening_outlives_it(void **state)
{
    (void)state;
    struct json_memory memory;
    json_t *before = read_tree(TEXT("{\"a\":\"one\",\"b\":\"two\"}"));
    json_memory_open(&memory);
    json_decref(read_tree(TEXT("{\"a\":\"three\"}")));
    json_object_del(before, "a");
    json_memory_close(&memory);
    assert_string_equal(json_string_value(json_object_get(before, "b")), "two");
    json_decref(before);
}

static void *read_elsewhere(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        struct json_memory memory;
        json_memory_open(&memory);
        json_t *tree = read_tree(TEXT("{\"a\":\"one\",\"b\":[1,2,3]}"));
        assert_int_equal(json_array_size(json_object_get(tree, "b")), 3);
        json_decref(tree);
        json_memory_close(&memory);
        json_decref(read_tree(TEXT("{\"a\":\"one\"}")));
    }
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    (void)state;
    struct json_memory memory;
    json_memory_open(&memory);
    json_t *tree = read_tree(TEXT("{\"a\":\"one\"}"));
    size_t used = memory.used, pieces = memory.pieces;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, NULL), 0);
    json_t *another = read_tree(TEXT("{\"b\":\"two\"}"));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(memory.used, 2 * used);
    assert_int_equal(memory.pieces, 2 * pieces);
    assert_string_equal(json_string_value(json_object_get(tree, "a")), "one");
    json_decref(another);
    json_decref(tree);
    json_memory_close(&memory);
}

int main(void)
{
    json_memory_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_stands_in_the_open_memory_and_is_wiped_with_it),
        cmocka_unit_test(a_tree_larger_than_the_memory_goes_on_in_its_own),
        cmocka_unit_test(a_tree_from_before_the_opening_outlives_it),
        cmocka_unit_test(each_thread_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
