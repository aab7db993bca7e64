/* A file is read whole or not at all, and nothing of that name holds the process up. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/whole_file.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/whole-file-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_bytes(size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_not_equal(fputc((int)('a' + i % 26), file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_to_its_end_or_refused_for_its_size(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *fault;
    } cases[] = {{0, NULL}, {1, NULL}, {20000, NULL}, {65536, NULL}, {65537, "has more than 64 KiB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer content;
        struct error error = {0};
        buffer_init(&content, 65536);
        write_bytes(cases[i].size);
        enum status status = whole_file_read(path, "templates.tenants", &content, &error);
        if (cases[i].fault) {
            assert_int_equal(status, STATUS_CONFIG);
            assert_non_null(strstr(error.text, cases[i].fault));
            assert_non_null(strstr(error.text, path));
        } else {
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(content.size, cases[i].size);
            assert_true(content.size == 0 ||
                        content.bytes[content.size - 1] == (char)('a' + (content.size - 1) % 26));
        }
        buffer_clear(&content);
    }
}

static void what_is_no_file_is_told_at_once(void **state)
{
    (void)state;
    struct buffer content;
    struct error error = {0};
    buffer_init(&content, 65536);
    assert_int_equal(whole_file_read(path, "", &content, &error), STATUS_CONFIG); /* not there */
    assert_non_null(strstr(error.text, "cannot be read"));
    assert_int_equal(whole_file_read(folder, "", &content, &error), STATUS_CONFIG);
    assert_non_null(strstr(error.text, "cannot be read"));
    assert_int_equal(whole_file_read("/dev/zero", "", &content, &error), STATUS_CONFIG);
    assert_non_null(strstr(error.text, "has more than 64 KiB"));
    buffer_clear(&content);
}

static void a_fifo_without_a_writer_is_empty_and_holds_nobody_up(void **state)
{
    (void)state;
    struct buffer content;
    struct error error = {0};
    buffer_init(&content, 65536);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(whole_file_read(path, "", &content, &error), STATUS_OK);
    assert_int_equal(content.size, 0);
    buffer_clear(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_to_its_end_or_refused_for_its_size, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_told_at_once, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_fifo_without_a_writer_is_empty_and_holds_nobody_up, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
