/* The files of templates/ that the binary carries.  Their table is written by cmake/embedded.cmake from what
 * the folder has, so that a new language is its files and nothing else. */
#ifndef WORKER_BUILT_IN_TEMPLATES_H
#define WORKER_BUILT_IN_TEMPLATES_H

#include <stddef.h>

struct built_in_template {
    const char *path; /* below templates/: "link/en.mail" */
    const char *file; /* what errors call it: "built-in link/en.mail" */
    const unsigned char *bytes;
    const size_t *size;
};

extern const struct built_in_template built_in_templates[];
extern const size_t built_in_templates_count;

#endif
