/* One temporary folder for a test program, removed at its end. */
#include "support/config_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char config_folder[64];

int config_make_folder(void **state)
{
    (void)state;
    snprintf(config_folder, sizeof config_folder, "/tmp/config-test-XXXXXX");
    return mkdtemp(config_folder) ? 0 : -1;
}

int config_remove_folder(void **state)
{
    (void)state;
    return rmdir(config_folder);
}

const char *config_write_file(const char *name, const char *content, mode_t mode)
{
    static char paths[4][96];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", config_folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

struct loaded_config config_load_from(enum config_program program, const char *path,
                                      const char *const *environment, const char *setting)
{
    struct loaded_config loaded = {0};
    const struct config_source source = {path, environment, &setting, setting ? 1 : 0};
    buffer_init(&loaded.faults, CONFIG_TEXT_LIMIT);
    loaded.status = config_load(program, &source, &loaded.config, &loaded.faults);
    buffer_append_byte(&loaded.faults, 0);
    assert_true(loaded.config || loaded.status != STATUS_OK);
    return loaded;
}

void config_unload(struct loaded_config *loaded)
{
    config_free(&loaded->config);
    buffer_clear(&loaded->faults);
}

struct loaded_config config_load_text(const char *content, mode_t mode)
{
    const char *path = config_write_file("test.ini", content, mode);
    struct loaded_config loaded = config_load_from(CONFIG_WORKER, path, NULL, NULL);
    unlink(path);
    return loaded;
}

void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

void assert_has_no(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("expected no \"%s\" in:\n%s", part, text);
}
