/* The configuration table in the README is the one in the code.  `UPDATE_README=1 readme_test` writes it
 * anew. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/config.h"

#define README SOURCE_DIRECTORY "/README.md"
#define BEGIN  "<!-- configuration: begin (written by UPDATE_README=1 readme_test) -->\n"
#define END    "<!-- configuration: end -->\n"

static char readme[262144];

static void read_readme(void)
{
    FILE *file = fopen(README, "r");
    assert_non_null(file);
    readme[fread(readme, 1, sizeof readme - 1, file)] = 0;
    fclose(file);
}

static void the_readme_has_the_table_of_the_code(void **state)
{
    (void)state;
    struct buffer table;
    buffer_init(&table, 65536);
    config_document(&table);
    assert_false(table.failed);
    read_readme();
    const char *begin = strstr(readme, BEGIN), *end = strstr(readme, END);
    if (!begin || !end || end < begin)
        fail_msg("README.md lacks the two comments around the configuration table");
    begin += strlen(BEGIN);
    bool equal = (size_t)(end - begin) == table.size && memcmp(begin, table.bytes, table.size) == 0;
    if (!equal && getenv("UPDATE_README")) {
        FILE *file = fopen(README, "w");
        assert_non_null(file);
        fwrite(readme, 1, (size_t)(begin - readme), file);
        fwrite(table.bytes, 1, table.size, file);
        fputs(end, file);
        assert_int_equal(fclose(file), 0);
    } else if (!equal) {
        fail_msg(
            "README.md's configuration table is not the one of common/io/settings.c: run UPDATE_README=1 "
            "build/asan/bin/readme_test");
    }
    buffer_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_readme_has_the_table_of_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
