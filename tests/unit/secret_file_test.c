/* Secrets come only from files that nobody else can read or change. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/secret_file.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/secret-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/secret", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_bytes(const char *bytes, size_t size, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_secret_on_one_line_is_read_without_its_line_end(void **state)
{
    (void)state;
    static const struct {
        struct text content;
        const char *secret, *fault;
    } cases[] = {
        {{"s3cret", 6}, "s3cret", NULL},
        {{"s3cret\n", 7}, "s3cret", NULL},
        {{"s3cret\r\n", 8}, "s3cret", NULL},
        {{" s3 cret ", 9}, " s3 cret ", NULL},
        {{"", 0}, NULL, "is empty"},
        {{"\n", 1}, NULL, "is empty"},
        {{"s3cret\nmore\n", 12}, NULL, "more than one line"},
        {{"s3\0cret", 7}, NULL, "NUL byte"},
        {{"0123456789012345678901234567890123", 34}, NULL, "larger than 32 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer secret;
        struct error error = {0};
        buffer_init_secret(&secret, 32);
        write_bytes(cases[i].content.bytes, cases[i].content.size, 0600);
        enum status status = secret_file_read_line(path, &secret, &error);
        if (cases[i].secret) {
            assert_ok(status, &error);
            assert_int_equal(secret.size, strlen(cases[i].secret));
            assert_memory_equal(secret.bytes, cases[i].secret, secret.size);
        } else {
            assert_int_equal(status, STATUS_CONFIG);
            assert_non_null(strstr(error.text, cases[i].fault));
            assert_non_null(strstr(error.text, path));
            assert_null(strstr(error.text, "s3"));
        }
        buffer_clear(&secret);
    }
}

static void a_file_open_to_others_is_refused_with_the_chmod_to_run(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool fine;
    } cases[] = {{0600, true},  {0400, true},  {0700, true}, {0640, false},
                 {0604, false}, {0620, false}, {0601, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer secret;
        struct error error = {0};
        buffer_init_secret(&secret, 32);
        write_bytes("s3cret", 6, cases[i].mode);
        enum status status = secret_file_read(path, &secret, &error);
        if (cases[i].fine) {
            assert_ok(status, &error);
        } else {
            assert_int_equal(status, STATUS_CONFIG);
            assert_non_null(strstr(error.text, "chmod 600 "));
            assert_int_equal(secret.size, 0);
        }
        buffer_clear(&secret);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct buffer secret;
    struct error error = {0};
    char fifo[96];
    buffer_init_secret(&secret, 32);
    assert_int_equal(secret_file_read(folder, &secret, &error), STATUS_CONFIG);
    assert_non_null(strstr(error.text, "not a regular file"));
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(secret_file_read(fifo, &secret, &error),
                     STATUS_CONFIG); /* and does not wait for a writer */
    unlink(fifo);
    assert_int_equal(secret_file_read(fifo, &secret, &error), STATUS_CONFIG);
    assert_non_null(strstr(error.text, "cannot open"));
    buffer_clear(&secret);
}

static void a_file_is_replaced_whole_and_closed_to_others(void **state)
{
    (void)state;
    struct buffer secret;
    struct error error = {0};
    struct stat file;
    buffer_init_secret(&secret, 32);
    write_bytes("old", 3, 0644);
    assert_ok(secret_file_write(path, TEXT("new secret"), &error), &error);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_ok(secret_file_read(path, &secret, &error), &error);
    assert_int_equal(secret.size, 10);
    assert_memory_equal(secret.bytes, "new secret", 10);
    buffer_clear(&secret);
    assert_int_equal(secret_file_write("/nowhere/at/all", TEXT("x"), &error), STATUS_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_on_one_line_is_read_without_its_line_end),
        cmocka_unit_test(a_file_open_to_others_is_refused_with_the_chmod_to_run),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_file_is_replaced_whole_and_closed_to_others),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
