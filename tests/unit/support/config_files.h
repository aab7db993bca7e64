/* Configuration files and what comes of them, for the tests of the configuration. */
#ifndef TESTS_UNIT_SUPPORT_CONFIG_FILES_H
#define TESTS_UNIT_SUPPORT_CONFIG_FILES_H

#include "support.h"

#include <sys/types.h>

#include "io/config.h"

#define CONFIG_TEXT_LIMIT 65536

extern char config_folder[64];

/* Setup and teardown of a group. */
int config_make_folder(void **state);
int config_remove_folder(void **state);

/* The path stays good for the next three calls. */
const char *config_write_file(const char *name, const char *content, mode_t mode);

struct loaded_config {
    struct config *config;
    struct buffer faults; /* closed by a NUL */
    enum status status;
};

/* `environment` and `setting` (one of --set) may be NULL. */
struct loaded_config config_load_from(enum config_program program, const char *path,
                                      const char *const *environment, const char *setting);
/* As the worker, from a file with this content. */
struct loaded_config config_load_text(const char *content, mode_t mode);
void config_unload(struct loaded_config *loaded);

void assert_has(const char *text, const char *part);
void assert_has_no(const char *text, const char *part);

#endif
